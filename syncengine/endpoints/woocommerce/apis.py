"""Which API a store is spoken to by: its client, what looks at it, and what that API cannot do of a mapping."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from syncengine.endpoints.woocommerce.client import Client
from syncengine.endpoints.woocommerce.legacy import limits
from syncengine.endpoints.woocommerce.legacy.client import LegacyClient
from syncengine.endpoints.woocommerce.legacy.probe import LegacyProbe
from syncengine.endpoints.woocommerce.probe import Probe
from syncengine.mapping import Mapping
from syncengine.settings import WooCommerceConnection

__all__ = ["check", "client_of", "probe_of"]


def check(connection: WooCommerceConnection, mapping: Mapping) -> None:
    """Raises ConfigError for a mapping that asks for more than the connection's API has."""
    if connection.api == "legacy-v3":
        limits.check(mapping, connection.name)


def client_of(
    connection: WooCommerceConnection,
    transport: httpx.BaseTransport | None,
    counted: Callable[[], None],
    sleep: Callable[[float], None],
) -> Client:
    of = LegacyClient if connection.api == "legacy-v3" else Client
    return of(connection, transport, counted, sleep)


def probe_of(connection: WooCommerceConnection, client: Client) -> Probe:
    of = LegacyProbe if connection.api == "legacy-v3" else Probe
    return of(client, connection.timeout)
