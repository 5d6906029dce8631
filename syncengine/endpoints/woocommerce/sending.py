"""Items sent to a batch route of the store, with an outcome for every one of them by its position in the answer.

A batch is no transaction: HTTP 200 may hold failed items, the others stay written (FACTS-WOOCOMMERCE, 2). A reply
that is lost says nothing about any item; such a batch comes back as unknown, to be looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from syncengine.endpoints.woocommerce.client import Blocked, Client, LostReply, Reply, code_and_message
from syncengine.endpoints.woocommerce.lists import tidied
from syncengine.errors import SyncError
from syncengine.records import Change, Outcome

__all__ = ["Item", "Sender", "code_of", "unknown"]

SMALLEST_AFTER_500 = 25  # a poisonous item is hunted by halving; the other batches need not become as small
PATIENCE = 5  # records that are blocked one after the other until it is all that is blocked

Answer = Mapping[str, Any]


@dataclass(slots=True)
class Item:
    change: Change
    route: str  # of the batch that it goes into
    kind: str  # the list of the batch that it goes into
    body: Any  # a record, or the bare id of one to delete
    note: str = ""  # what was left out of it, and why


class Sender:
    """Sends items. `done` makes an outcome of an answered record, `failed` of an item's error; `shrink` is told how
    many items are right the next time. Thread-safe."""

    def __init__(
        self,
        client: Client,
        shrink: Callable[[int], None],
        done: Callable[[Item, Answer], Outcome],
        failed: Callable[[Change, Answer], Outcome],
    ) -> None:
        self._client = client
        self._shrink = shrink
        self._done = done
        self._failed = failed
        self._blocked = 0  # how many records have been, since something passed

    def send(self, items: Sequence[Item]) -> list[Outcome]:
        """Write items of one route."""
        request: dict[str, list[Any]] = {}
        for item in items:
            request.setdefault(item.kind, []).append(item.body)
        try:
            reply = self._client.post(items[0].route, request)
        except LostReply as lost:
            self._shrink(max(1, len(items) // 2) if lost.timed_out else max(SMALLEST_AFTER_500, len(items) // 2))
            return [unknown(item, str(lost)) for item in items]
        except Blocked as blocked:
            return self._around(items, blocked)
        self._blocked = 0
        if reply.status == 200:
            return self._outcomes(items, reply)
        if reply.status == 413:  # nothing was written (FACTS-WOOCOMMERCE, 1)
            self._shrink(max(1, len(items) // 2))
        if len(items) > 1:  # a refusal of the whole request names no item: halve it until one is left to blame
            return self._halved(items)
        code, message = code_of(reply.body)
        return [Outcome(items[0].change, "failed", items[0].change.record_id, error=f"{code}: {message}")]

    def _around(self, items: Sequence[Item], blocked: Blocked) -> list[Outcome]:
        """A firewall that minds the words of one record lets the others pass. Raises where it lets nothing pass."""
        if self._blocked >= PATIENCE:
            raise blocked
        if len(items) > 1:
            return self._halved(items)
        self._blocked += 1
        return [Outcome(items[0].change, "failed", items[0].change.record_id, error=f"blocked: {blocked.said}")]

    def _halved(self, items: Sequence[Item]) -> list[Outcome]:
        """What ends the job in the second half must not hide what the first half has written."""
        middle = len(items) // 2
        first = self.send(items[:middle])
        try:
            return [*first, *self.send(items[middle:])]
        except SyncError as error:
            return [*first, *(unknown(item, str(error)) for item in items[middle:])]

    def _outcomes(self, items: Sequence[Item], reply: Reply) -> list[Outcome]:
        """One outcome an item. An answer that does not fit what was sent proves nothing."""
        by_kind: dict[str, list[Item]] = {}
        for item in items:
            by_kind.setdefault(item.kind, []).append(item)
        outcomes: dict[int, Outcome] = {}
        for kind, sent in by_kind.items():
            answers = reply.body.get(kind) if isinstance(reply.body, dict) else None
            fits = isinstance(answers, list) and len(answers) == len(sent)
            for at, item in enumerate(sent):
                answer = answers[at] if fits and answers is not None else None
                outcomes[id(item)] = self._outcome(item, answer)
        return [outcomes[id(item)] for item in items]

    def _outcome(self, item: Item, answer: Any) -> Outcome:
        change = item.change
        number = (change.record_id or "").rpartition("/")[2]
        if not isinstance(answer, dict) or (item.kind != "create" and str(answer.get("id")) != number):
            return unknown(item, "the store answered, but not for this item")
        if isinstance(error := answer.get("error"), dict):
            return self._failed(change, error)
        if item.kind == "delete":
            return Outcome(change, "done", change.record_id)
        if not isinstance(answer.get("id"), int) or answer["id"] <= 0:
            return unknown(item, "the store answered without an id")
        return self._done(item, tidied(answer))


def unknown(item: Item, why: str) -> Outcome:
    return Outcome(item.change, "unknown", item.change.record_id, error=why)


def code_of(error: Any) -> tuple[str, str]:
    """The code and the message of an error as the store tells it."""
    if not isinstance(error, dict):
        return "no_answer", "the store refused the request without a reason"
    return code_and_message(error)
