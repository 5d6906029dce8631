"""Send: products written in batches, an outcome for every change by its position in the answer.

A batch is no transaction: HTTP 200 may hold failed items, the others stay written (FACTS-WOOCOMMERCE, 2). A reply
that is lost says nothing about any item; such a batch comes back as unknown, to be looked up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from syncengine.endpoints.woocommerce.client import Client, LostReply, Reply
from syncengine.endpoints.woocommerce.paths import Paths, UnknownTerm
from syncengine.endpoints.woocommerce.pull import by_id
from syncengine.endpoints.woocommerce.refusals import Refusals, contradictions
from syncengine.errors import SyncError
from syncengine.records import Change, Outcome
from syncengine.values import Value

__all__ = ["Batches"]

SMALLEST_AFTER_500 = 25  # a poisonous item is hunted by halving; the other batches need not become as small
ID = re.compile(r"[1-9][0-9]*")
TRASH = {"status": "trash"}


@dataclass(slots=True)
class _Item:
    change: Change
    kind: str  # the list of the batch that it goes into
    body: Any  # a product, or the bare id of one to delete
    note: str = ""  # what was left out of it, and why


class Batches:
    """Writes the products of one mapping. Thread-safe."""

    def __init__(
        self,
        client: Client,
        paths: Paths,
        refusals: Refusals,
        shrink: Callable[[int], None],
        variations: Mapping[str, int],
    ) -> None:
        self._client = client
        self._paths = paths
        self._refusals = refusals
        self._shrink = shrink  # told how many items were right the next time
        self._variations = variations  # id -> its parent's, of those that were met by their SKU

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        items: list[tuple[int, _Item]] = []
        attributes = self._present_attributes(changes)
        for at, change in enumerate(changes):
            made = self._made(change, attributes)
            if isinstance(made, Outcome):
                outcomes[at] = made
            else:
                items.append((at, made))
        if items:
            answered = self._sent([item for _, item in items])
            outcomes.update(zip((at for at, _ in items), answered, strict=True))
        return [outcomes[at] for at in range(len(changes))]

    def _made(self, change: Change, attributes: Mapping[str, Sequence[dict[str, Any]]]) -> _Item | Outcome:
        """What to send for a change; or at once an outcome, where it would be mangled or has nothing to send."""
        if change.action != "create" and not ID.fullmatch(change.record_id or ""):
            return Outcome(change, "failed", error=f"not a product's id: {change.record_id!r}", retry=False)
        if change.action == "delete":
            number = int(change.record_id or 0)
            if change.destroy:
                return _Item(change, "delete", number)  # for good, whatever else is asked for (FACTS-WOOCOMMERCE, 8)
            return _Item(change, "update", {"id": number, **TRASH})
        written: dict[str, Value] = {}
        for name, field in change.fields.items():
            path, _ = self._paths.path_of(name)
            written[path] = field.new
            judged = field.difference if field.difference is not None and path == "stock_quantity" else field.new
            if reason := self._refusals.of(path, judged):
                field.error = reason
                return Outcome(change, "failed", change.record_id, error=f"{name}: {reason}", retry=False)
        values = {self._paths.path_of(name)[0]: value for name, value in change.record.items()} | written
        left_out = {}
        for path, reason in contradictions(values).items():
            for name, field in change.fields.items():
                if self._paths.path_of(name)[0] == path:
                    field.error = left_out[name] = reason
        note = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        try:
            body = self._paths.item(change, attributes.get(change.record_id or "", ()), left_out)
        except UnknownTerm as error:
            return Outcome(change, "failed", change.record_id, error=str(error))
        if change.action == "update" and set(body) <= {"id"}:
            return Outcome(change, "failed", change.record_id, error=note or "nothing to send", retry=False)
        return _Item(change, change.action, body, note)

    def _present_attributes(self, changes: Sequence[Change]) -> dict[str, Sequence[dict[str, Any]]]:
        ids = {
            change.record_id
            for change in changes
            if change.action == "update" and change.record_id
            if any(self._paths.path_of(name)[0].startswith("attribute:") for name in change.fields)
        }
        found: dict[str, Sequence[dict[str, Any]]] = {}
        for status in ("any", "trash"):
            for rows in by_id(self._client, ids - found.keys(), "id,attributes", status):
                found.update((str(row["id"]), row.get("attributes") or ()) for row in rows)
        return found

    def _sent(self, items: Sequence[_Item]) -> list[Outcome]:
        request: dict[str, list[Any]] = {}
        for item in items:
            request.setdefault(item.kind, []).append(item.body)
        try:
            reply = self._client.post("products/batch", request)
        except LostReply as lost:
            self._shrink(max(1, len(items) // 2) if lost.timed_out else max(SMALLEST_AFTER_500, len(items) // 2))
            return [_unknown(item, str(lost)) for item in items]
        if reply.status == 200:
            return self._outcomes(items, reply)
        if reply.status == 413:  # nothing was written (FACTS-WOOCOMMERCE, 1)
            self._shrink(max(1, len(items) // 2))
        if len(items) > 1:  # a refusal of the whole request names no item: halve it until one is left to blame
            return self._halved(items)
        code, message = _code(reply.body)
        return [Outcome(items[0].change, "failed", items[0].change.record_id, error=f"{code}: {message}", retry=False)]

    def _halved(self, items: Sequence[_Item]) -> list[Outcome]:
        """What ends the job in the second half must not hide what the first half has written."""
        middle = len(items) // 2
        first = self._sent(items[:middle])
        try:
            return [*first, *self._sent(items[middle:])]
        except SyncError as error:
            return [*first, *(_unknown(item, str(error)) for item in items[middle:])]

    def _outcomes(self, items: Sequence[_Item], reply: Reply) -> list[Outcome]:
        """One outcome an item. An answer that does not fit what was sent proves nothing."""
        by_kind: dict[str, list[_Item]] = {}
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

    def _outcome(self, item: _Item, answer: Any) -> Outcome:
        change = item.change
        if not isinstance(answer, dict) or (item.kind != "create" and str(answer.get("id")) != change.record_id):
            return _unknown(item, "the store answered, but not for this item")
        if isinstance(error := answer.get("error"), dict):
            return self._failed(change, error)
        if item.kind == "delete":
            return Outcome(change, "done", change.record_id)
        if not isinstance(answer.get("id"), int) or answer["id"] <= 0:
            return _unknown(item, "the store answered without an id")
        return Outcome(change, "done", str(answer["id"]), self._paths.cells(answer), error=item.note)

    def _failed(self, change: Change, error: Mapping[str, Any]) -> Outcome:
        code, message = _code(error)
        said = f"{code}: {message}"
        data = error.get("data") if isinstance(error.get("data"), dict) else {}
        holder = str((data or {}).get("resource_id") or "")
        if change.action == "create" and code == "product_invalid_sku" and holder:
            if holder in self._variations:
                said += f" (product {holder} has this SKU, a variation of product {self._variations[holder]})"
                return Outcome(change, "failed", error=said, retry=False)
            return Outcome(change, "failed", holder, error=f"{said} (product {holder} has this SKU)")
        if change.action == "create" and code == "woocommerce_rest_product_not_created":
            said += " (a product in the trash has this SKU, or it is being created right now)"
            return Outcome(change, "failed", error=said)
        if holder:
            said += f" (product {holder})"
        status = (data or {}).get("status")
        return Outcome(change, "failed", change.record_id, error=said, retry=isinstance(status, int) and status >= 500)


def _unknown(item: _Item, why: str) -> Outcome:
    return Outcome(item.change, "unknown", item.change.record_id, error=why)


def _code(error: Any) -> tuple[str, str]:
    if not isinstance(error, dict):
        return "no_answer", "the store refused the request without a reason"
    return str(error.get("code", "")), str(error.get("message", ""))
