"""What the endpoints of a store have in common, whatever their records are: one connection, and how much it bears."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import httpx

from syncengine.endpoints import Endpoint, View
from syncengine.endpoints.woocommerce.apis import client_of
from syncengine.endpoints.woocommerce.lists import PER_PAGE
from syncengine.settings import WooCommerceConnection
from syncengine.values import Format

__all__ = ["Store"]


class Store(Endpoint):
    """One store, for one job. `transport` and `sleep` are for tests."""

    def __init__(
        self,
        connection: WooCommerceConnection,
        view: View,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.format = Format(text=False)
        self.batch_size = PER_PAGE
        self.concurrency = connection.concurrency
        self.settle = connection.settle.total_seconds()
        self.writable = view.mapping.writes("store")
        self.takes_later = False
        self.requests = 0
        self._connection = connection
        self._view = view
        self._lock = threading.Lock()
        self._sleep = sleep
        self._client = client_of(connection, transport, self._count, sleep)
        self._begin()

    def _begin(self) -> None:
        """Set up what is particular, once all that is common stands."""

    def identity(self) -> str:
        return self._client.url.partition("://")[2]

    def close(self) -> None:
        self._client.close()

    def _count(self) -> None:
        with self._lock:
            self.requests += 1

    def _shrink(self, size: int) -> None:
        with self._lock:
            self.batch_size = min(self.batch_size, size)
