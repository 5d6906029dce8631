"""The sandbox as a process, and what a shop manager does in it: all over its socket."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from syncengine.endpoints.woocommerce.auth import auth_for

KEY, SECRET = "ck_sandbox", "cs_sandbox"
TRIES = 30


class Shop:
    """A shop at an address."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=f"{url}/wp-json/wc/v3", auth=auth_for(url, KEY, SECRET), timeout=30)

    def close(self) -> None:
        self.http.close()

    def products(self) -> dict[str, dict[str, Any]]:
        """All products outside the trash by SKU. Fails if two have the same."""
        found = self.listed()
        by_sku = {one["sku"]: one for one in found}
        assert len(by_sku) == len(found), "there are duplicates in the shop"
        return by_sku

    def listed(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for page in range(1, 100):
            query = {"per_page": 100, "page": page, "orderby": "id", "order": "asc", "status": "any"}
            part = self._again(lambda query=query: self.http.get("/products", params=query))
            found += part
            if len(part) < 100:
                break
        return found

    def edit(self, sku: str, **fields: Any) -> None:
        number = self._again(lambda: self.http.get("/products", params={"sku": sku}))[0]["id"]
        self._again(lambda: self.http.put(f"/products/{number}", json=fields))

    def edit_many(self, edits: dict[str, dict[str, Any]]) -> None:
        ids = {sku: product["id"] for sku, product in self.products().items()}
        updates = [{"id": ids[sku], **fields} for sku, fields in edits.items()]
        for at in range(0, len(updates), 100):
            body = {"update": updates[at : at + 100]}
            self._again(lambda body=body: self.http.post("/products/batch", json=body))

    def _again(self, ask: Callable[[], httpx.Response]) -> Any:
        """Until it is answered: the shop may have been told to fail."""
        for _ in range(TRIES):
            try:
                response = ask()
            except httpx.TransportError:
                continue
            if response.status_code < 500 and response.status_code != 429:
                response.raise_for_status()
                return response.json()
        raise AssertionError("the shop does not answer")


@contextmanager
def shop_process(*options: str, port: int = 0, state: Path | None = None) -> Iterator[Shop]:
    """`sync sandbox` in a process of its own."""
    command = [sys.executable, "-m", "syncengine", "sandbox", "--port", str(port), *options]
    if state is not None:
        command += ["--state", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        try:
            assert process.stdout is not None
            shop = Shop(json.loads(process.stdout.readline())["url"])
            try:
                yield shop
            finally:
                shop.close()
        finally:
            process.terminate()
            process.wait(10)


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
