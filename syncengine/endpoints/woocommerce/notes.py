"""Notes at orders: each is written once.

The store takes the same note as often as it is sent (FACTS-WOOCOMMERCE, 9), and one for the customer is mailed. So the
notes that are there are read first: a text that stands there was sent by a run that was cut off before it knew.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from html import unescape
from typing import Any

from syncengine.endpoints.woocommerce.client import Blocked, Client, LostReply
from syncengine.endpoints.woocommerce.objects import Record
from syncengine.endpoints.woocommerce.sending import code_of
from syncengine.errors import CannotRun

__all__ = ["NoteRefused", "Notes"]

TRIES = 5
NO_ORDER = "woocommerce_rest_order_invalid_id"
THE_STORE = ("WooCommerce", "system")  # who the author of a note is that nobody wrote


class NoteRefused(Exception):
    """The store does not take the note; why."""


class Notes:
    """Writes notes. `settle` is for how many seconds the store may still be at work after a lost reply."""

    def __init__(self, client: Client, settle: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._settle = settle
        self._sleep = sleep

    def write(self, order: str, text: str, *, to_customer: bool) -> None:
        """See to it that the note is there, once. Raises NoteRefused, or LostReply where nothing is certain."""
        lost: LostReply | None = None
        for _ in range(TRIES):
            if self._is_there(order, text, to_customer):
                return
            try:
                reply = self._client.post(f"orders/{order}/notes", {"note": text, "customer_note": to_customer})
            except LostReply as error:
                lost = error
                self._sleep(self._settle)
                continue
            except Blocked as blocked:
                raise NoteRefused(f"blocked: {blocked.said}") from None
            if reply.status in (200, 201):
                return
            raise NoteRefused(": ".join(code_of(reply.body)))
        raise lost or LostReply("no note was written")

    def of_people(self, order: str) -> list[dict[str, Any]]:
        """What people wrote at an order, the newest last; what the store notes by itself is left out."""
        try:
            notes = self._all(order)
        except NoteRefused:  # deleted since it was listed
            return []
        return [
            {
                "date": f"{one.get('date_created_gmt')}Z",
                "author": str(one.get("author") or ""),
                "customer": bool(one.get("customer_note")),
                "note": unescape(str(one.get("note") or "")).strip(),
            }
            for one in sorted(notes, key=lambda one: (str(one.get("date_created_gmt")), int(one.get("id") or 0)))
            if one.get("customer_note") or one.get("author") not in THE_STORE
        ]

    def _is_there(self, order: str, text: str, to_customer: bool) -> bool:
        return any(
            bool(one.get("customer_note")) is to_customer and _words(str(one.get("note"))) == _words(text)
            for one in self._all(order)
        )

    def _all(self, order: str) -> list[Record]:
        """Raises NoteRefused where the order is gone."""
        try:
            found = self._client.get(f"orders/{order}/notes").body
        except CannotRun as error:
            if NO_ORDER in str(error):
                raise NoteRefused("gone: the order is not there any more") from None
            raise
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _words(text: str) -> list[str]:
    return unescape(text).split()
