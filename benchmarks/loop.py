"""The least that posts batches to a store: httpx, two threads, nothing else. Called as `loop.py URL BATCHES`."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from syncengine.endpoints.woocommerce.auth import OAuth1


def client(url: str) -> httpx.Client:
    return httpx.Client(base_url=f"{url}/wp-json/wc/v3/", auth=OAuth1("ck_sandbox", "cs_sandbox"), timeout=60)


def main() -> None:
    batches = json.loads(Path(sys.argv[2]).read_text())
    with client(sys.argv[1]) as http, ThreadPoolExecutor(2) as pool:
        for reply in pool.map(lambda batch: http.post("products/batch", json={"update": batch}), batches):
            reply.raise_for_status()
            assert not any("error" in item for item in reply.json()["update"])


if __name__ == "__main__":
    main()
