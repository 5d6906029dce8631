"""Notes at orders: what keeps one from being written is its own matter."""

from __future__ import annotations

import httpx
import pytest

from syncengine.endpoints.woocommerce.client import Client
from syncengine.endpoints.woocommerce.notes import NoteRefused, Notes
from tests.unit.test_woocommerce_shop import answer, answering, connection


def test_a_note_that_a_firewall_minds_is_refused_alone() -> None:
    blocked = httpx.Response(406, text="<h1>Not acceptable</h1>")
    client = Client(connection(), answering(answer([]), blocked))
    with pytest.raises(NoteRefused, match="blocked: 406 from something before WooCommerce"):
        Notes(client, 0).write("7", "1 UNION SELECT 2", to_customer=False)
    client.close()
