"""Send: what becomes of products and variations, made into items of batches, and what their answers mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from syncengine.endpoints.woocommerce.client import Client
from syncengine.endpoints.woocommerce.kinds import PRODUCT_ID, VARIATION, parent_of
from syncengine.endpoints.woocommerce.paths import Paths, Product, UnknownTerm
from syncengine.endpoints.woocommerce.pull import by_id
from syncengine.endpoints.woocommerce.refusals import Refusals
from syncengine.endpoints.woocommerce.sending import Item, Sender, code_of
from syncengine.endpoints.woocommerce.variations import Variations
from syncengine.records import Change, Outcome

__all__ = ["Batches"]

TRASH = {"status": "trash"}
DISABLED = {"status": "private"}  # a variation has no trash of its own; so it can still be taken back
BAD_IMAGE = tuple(
    f"woocommerce_{kind}_{fault}"
    for kind in ("product", "variation")
    for fault in ("image_upload_error", "invalid_image_id")
)


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
        self._variations = variations
        self._sender = Sender(client, shrink, self._done, self._failed)

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        by_route: dict[str, list[Item]] = {}
        present = self._present(changes)
        for change in changes:
            made = self._made(change, present)
            if isinstance(made, Outcome):
                outcomes[id(change)] = made
            else:
                by_route.setdefault(made.route, []).append(made)
        for items in by_route.values():
            for outcome in self._without_bad_images(items, self._sender.send(items), present):
                outcomes[id(outcome.change)] = outcome
        return [outcomes[id(change)] for change in changes]

    def _made(self, change: Change, present: Mapping[str, Product]) -> Item | Outcome:
        """What to send for a change; or at once an outcome, where it would be mangled or has nothing to send."""
        product = change.below if change.action == "create" else parent_of(change.record_id)
        if change.action == "create" and change.kind == VARIATION and not PRODUCT_ID.fullmatch(product or ""):
            return Outcome(change, "failed", error="no-parent: its product is not in the store")
        if change.action != "create" and not PRODUCT_ID.fullmatch(change.record_id or ""):
            return Outcome(change, "failed", error=f"not a product's id: {change.record_id!r}")
        route = f"products/{product}/variations/batch" if product else "products/batch"
        if change.action == "delete":
            number = int((change.record_id or "").rpartition("/")[2])
            if change.destroy:
                return Item(change, route, "delete", number)  # for good, whatever else is asked for (FACTS, 8)
            return Item(change, route, "update", {"id": number, **(DISABLED if product else TRASH)})
        for name, field in change.fields.items():
            path, _ = self._paths.path_of(name)
            judged = field.difference if field.difference is not None and path == "stock_quantity" else field.new
            if reason := self._refusals.of(path, judged):
                field.error = reason
                return Outcome(change, "failed", change.record_id, error=f"{name}: {reason}")
        try:
            body = self._paths.item(change, present.get(change.record_id or "", {}))
        except UnknownTerm as error:
            return Outcome(change, "failed", change.record_id, error=str(error))
        if change.action == "update" and set(body) <= {"id"}:
            return Outcome(change, "failed", change.record_id, error="nothing to send")
        return Item(change, route, change.action, body)

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
        self, items: Sequence[Item], outcomes: Sequence[Outcome], present: Mapping[str, Product]
    ) -> list[Outcome]:
        """An image that the store cannot fetch fails its whole item: all else is sent once more, without the images."""
        answered = {id(outcome.change): outcome for outcome in outcomes}
        again: list[Item] = []
        for item in items:
            outcome = answered[id(item.change)]
            name = next((one for one in item.change.fields if self._paths.path_of(one)[0] == "images"), None)
            if outcome.status == "failed" and name and outcome.error.startswith(BAD_IMAGE):
                item.change.fields[name].error = outcome.error
                body = self._paths.item(item.change, present.get(item.change.record_id or "", {}), {name})
                if body.keys() - {"id"}:
                    again.append(Item(item.change, item.route, item.kind, body, f"{name}: {outcome.error}"))
        answered |= {id(outcome.change): outcome for outcome in (self._sender.send(again) if again else ())}
        return [answered[id(item.change)] for item in items]

    def _done(self, item: Item, answer: Mapping[str, Any]) -> Outcome:
        change = item.change
        product = change.below if item.kind == "create" else parent_of(change.record_id)
        if product:
            told = self._variations.answered(answer, product, named=bool(item.body.get("sku")))
            return Outcome(change, "done", f"{product}/{told['id']}", self._paths.cells(told), error=item.note)
        self._variations.met([answer])
        return Outcome(change, "done", str(answer["id"]), self._paths.cells(dict(answer)), error=item.note)

    def _failed(self, change: Change, error: Mapping[str, Any]) -> Outcome:
        code, message = code_of(error)
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
        return Outcome(change, "failed", change.record_id, error=said)
