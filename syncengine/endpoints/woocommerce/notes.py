"""Notes at orders: each is written once.

The store takes the same note as often as it is sent (FACTS-WOOCOMMERCE, 9), and one for the customer is mailed. So the
notes that are there are read first: a text that stands there was sent by a run that was cut off before it knew.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from html import unescape

from syncengine.endpoints.woocommerce.client import Client, LostReply
from syncengine.endpoints.woocommerce.sending import code_of

__all__ = ["NoteRefused", "Notes"]

TRIES = 5


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
            if reply.status in (200, 201):
                return
            raise NoteRefused(": ".join(code_of(reply.body)))
        raise lost or LostReply("no note was written")

    def _is_there(self, order: str, text: str, to_customer: bool) -> bool:
        found = self._client.get(f"orders/{order}/notes").body
        return isinstance(found, list) and any(
            isinstance(one, dict)
            and bool(one.get("customer_note")) is to_customer
            and _words(str(one.get("note"))) == _words(text)
            for one in found
        )


def _words(text: str) -> list[str]:
    return unescape(text).split()
