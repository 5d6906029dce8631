"""Send: products written in batches, an outcome for every change by its position in the answer.

A batch is no transaction: HTTP 200 may hold failed items, the others stay written (FACTS-WOOCOMMERCE, 2). A reply
that is lost says nothing about any item; such a batch comes back as unknown, to be looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from syncengine.endpoints.woocommerce.client import Client, LostReply, Reply
from syncengine.endpoints.woocommerce.kinds import PRODUCT_ID, VARIATION, parent_of
from syncengine.endpoints.woocommerce.paths import Paths, Product, UnknownTerm
from syncengine.endpoints.woocommerce.pull import by_id
from syncengine.endpoints.woocommerce.refusals import Refusals
from syncengine.endpoints.woocommerce.variations import Variations
from syncengine.errors import SyncError
from syncengine.records import Change, Outcome

__all__ = ["Batches"]

SMALLEST_AFTER_500 = 25  # a poisonous item is hunted by halving; the other batches need not become as small
TRASH = {"status": "trash"}
DISABLED = {"status": "private"}  # a variation has no trash of its own; so it can still be taken back
BAD_IMAGE = tuple(
    f"woocommerce_{kind}_{fault}"
    for kind in ("product", "variation")
    for fault in ("image_upload_error", "invalid_image_id")
)


@dataclass(slots=True)
class _Item:
    change: Change
    route: str  # of the batch that it goes into
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
        variations: Variations,
    ) -> None:
        self._client = client
        self._paths = paths
        self._refusals = refusals
        self._shrink = shrink  # told how many items were right the next time
        self._variations = variations

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        by_route: dict[str, list[_Item]] = {}
        present = self._present(changes)
        for change in changes:
            made = self._made(change, present)
            if isinstance(made, Outcome):
                outcomes[id(change)] = made
            else:
                by_route.setdefault(made.route, []).append(made)
        for items in by_route.values():
            for outcome in self._without_bad_images(items, self._sent(items), present):
                outcomes[id(outcome.change)] = outcome
        return [outcomes[id(change)] for change in changes]

    def _made(self, change: Change, present: Mapping[str, Product]) -> _Item | Outcome:
        """What to send for a change; or at once an outcome, where it would be mangled or has nothing to send."""
        product = change.below if change.action == "create" else parent_of(change.record_id)
        if change.action == "create" and change.kind == VARIATION and not PRODUCT_ID.fullmatch(product or ""):
            return Outcome(change, "failed", error="no-parent: its product is not in the store")
        if change.action != "create" and not PRODUCT_ID.fullmatch(change.record_id or ""):
            return Outcome(change, "failed", error=f"not a product's id: {change.record_id!r}", retry=False)
        route = f"products/{product}/variations/batch" if product else "products/batch"
        if change.action == "delete":
            number = int((change.record_id or "").rpartition("/")[2])
            if change.destroy:
                return _Item(change, route, "delete", number)  # for good, whatever else is asked for (FACTS, 8)
            return _Item(change, route, "update", {"id": number, **(DISABLED if product else TRASH)})
        for name, field in change.fields.items():
            path, _ = self._paths.path_of(name)
            judged = field.difference if field.difference is not None and path == "stock_quantity" else field.new
            if reason := self._refusals.of(path, judged):
                field.error = reason
                return Outcome(change, "failed", change.record_id, error=f"{name}: {reason}", retry=False)
        try:
            body = self._paths.item(change, present.get(change.record_id or "", {}))
        except UnknownTerm as error:
            return Outcome(change, "failed", change.record_id, error=str(error))
        if change.action == "update" and set(body) <= {"id"}:
            return Outcome(change, "failed", change.record_id, error="nothing to send", retry=False)
        return _Item(change, route, change.action, body)

    def _present(self, changes: Sequence[Change]) -> dict[str, Product]:
        """The attributes and images that the products have whose lists of them change: a list replaces the whole."""
        ids = {
            change.record_id
            for change in changes
            if change.action == "update" and change.record_id
            if any(self._is_list_of_its_own(name) for name in change.fields)
        }
        found: dict[str, Product] = {}
        for status in ("any", "trash"):
            for rows in by_id(self._client, ids - found.keys(), "id,attributes,images", status):
                found.update((str(row["id"]), row) for row in rows)
        for rows in self._variations.by_id((one for one in ids if parent_of(one)), "id,attributes,image"):
            found.update((f"{row['parent_id']}/{row['id']}", row) for row in rows)
        return found

    def _is_list_of_its_own(self, name: str) -> bool:
        path, _ = self._paths.path_of(name)
        return path == "images" or path.startswith("attribute:")

    def _without_bad_images(
        self, items: Sequence[_Item], outcomes: Sequence[Outcome], present: Mapping[str, Product]
    ) -> list[Outcome]:
        """An image that the store cannot fetch fails its whole item: all else is sent once more, without the images."""
        answered = {id(outcome.change): outcome for outcome in outcomes}
        again: list[_Item] = []
        for item in items:
            outcome = answered[id(item.change)]
            name = next((one for one in item.change.fields if self._paths.path_of(one)[0] == "images"), None)
            if outcome.status == "failed" and name and outcome.error.startswith(BAD_IMAGE):
                item.change.fields[name].error = outcome.error
                body = self._paths.item(item.change, present.get(item.change.record_id or "", {}), {name})
                if set(body) > {"id"}:
                    again.append(_Item(item.change, item.route, item.kind, body, f"{name}: {outcome.error}"))
        answered |= {id(outcome.change): outcome for outcome in (self._sent(again) if again else ())}
        return [answered[id(item.change)] for item in items]

    def _sent(self, items: Sequence[_Item]) -> list[Outcome]:
        request: dict[str, list[Any]] = {}
        for item in items:
            request.setdefault(item.kind, []).append(item.body)
        try:
            reply = self._client.post(items[0].route, request)
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
        number = (change.record_id or "").rpartition("/")[2]
        if not isinstance(answer, dict) or (item.kind != "create" and str(answer.get("id")) != number):
            return _unknown(item, "the store answered, but not for this item")
        if isinstance(error := answer.get("error"), dict):
            return self._failed(change, error)
        if item.kind == "delete":
            return Outcome(change, "done", change.record_id)
        if not isinstance(answer.get("id"), int) or answer["id"] <= 0:
            return _unknown(item, "the store answered without an id")
        product = change.below if item.kind == "create" else parent_of(change.record_id)
        if product:
            told = self._variations.told(answer, product)
            return Outcome(change, "done", f"{product}/{told['id']}", self._paths.cells(told), error=item.note)
        return Outcome(change, "done", str(answer["id"]), self._paths.cells(answer), error=item.note)

    def _failed(self, change: Change, error: Mapping[str, Any]) -> Outcome:
        code, message = _code(error)
        said = f"{code}: {message}"
        data = error.get("data") if isinstance(error.get("data"), dict) else {}
        holder = str((data or {}).get("resource_id") or "")
        if change.action == "create" and code == "product_invalid_sku" and holder:
            # it may be a variation's number: only a product's own is a partner for certain
            partner = holder if change.kind != VARIATION and not self._variations.knows(int(holder)) else None
            return Outcome(change, "failed", partner, error=f"{said} ({holder} has this SKU)")
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
