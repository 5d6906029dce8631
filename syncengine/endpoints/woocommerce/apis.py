"""Which API a store is spoken to by: its client, what looks at it, and what that API cannot do of a mapping.

Few stores have only the API of old, and few runs are a `sync check`: what only these need is imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

import httpx

from syncengine.endpoints import Page
from syncengine.endpoints.woocommerce.client import Client
from syncengine.findings import Finding
from syncengine.mapping import Mapping
from syncengine.settings import WooCommerceConnection

if TYPE_CHECKING:
    from syncengine.endpoints.woocommerce.inspect import ShopInspection

__all__ = ["check", "client_of", "inspection_of"]


def check(connection: WooCommerceConnection, mapping: Mapping) -> None:
    """Raises ConfigError for a mapping that asks for more than the connection's API has."""
    if connection.api == "legacy-v3":
        from syncengine.endpoints.woocommerce.legacy import limits  # noqa: PLC0415 - see above

        limits.check(mapping, connection.name)


def client_of(
    connection: WooCommerceConnection,
    transport: httpx.BaseTransport | None,
    counted: Callable[[], None],
    sleep: Callable[[float], None],
) -> Client:
    if connection.api == "legacy-v3":
        from syncengine.endpoints.woocommerce.legacy.client import LegacyClient  # noqa: PLC0415 - see above

        return LegacyClient(connection, transport, counted, sleep)
    return Client(connection, transport, counted, sleep)


def inspection_of(
    connection: WooCommerceConnection,
    client: Client,
    mapping: Mapping,
    records: Callable[[], Iterator[Page]],
    beyond: Collection[str] = (),
    further: Callable[[], Iterator[Finding]] = lambda: iter(()),
) -> ShopInspection:
    """What `sync check` looks at; the arguments from `mapping` on are those of ShopInspection."""
    from syncengine.endpoints.woocommerce.inspect import ShopInspection  # noqa: PLC0415 - see above
    from syncengine.endpoints.woocommerce.legacy.probe import LegacyProbe  # noqa: PLC0415
    from syncengine.endpoints.woocommerce.probe import Probe  # noqa: PLC0415

    probe = (LegacyProbe if connection.api == "legacy-v3" else Probe)(client, connection.timeout)
    return ShopInspection(client, probe, mapping, records, beyond, further)
