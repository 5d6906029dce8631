"""The orders of a store: read with their lines, and moved on by an ERP that ships them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from syncengine.endpoints import Cursor, Page
from syncengine.endpoints.woocommerce.client import LostReply
from syncengine.endpoints.woocommerce.dated import DatedPull
from syncengine.endpoints.woocommerce.judges import country, number_in, plain_text, price, slug, switch, whole
from syncengine.endpoints.woocommerce.lists import asked
from syncengine.endpoints.woocommerce.new_lines import NewLines
from syncengine.endpoints.woocommerce.notes import NoteRefused, Notes
from syncengine.endpoints.woocommerce.objects import MARK, Reader, Record
from syncengine.endpoints.woocommerce.order_concerns import concerns
from syncengine.endpoints.woocommerce.order_lines import lines_of
from syncengine.endpoints.woocommerce.plain import Plain
from syncengine.endpoints.woocommerce.refunds import RefundRefused, Refunds, refunded
from syncengine.endpoints.woocommerce.remembered import Route, records_by_id
from syncengine.endpoints.woocommerce.schema import properties
from syncengine.errors import CannotRun
from syncengine.findings import Finding
from syncengine.records import Change, FieldChange, Outcome
from syncengine.store_paths.order import NEW_ORDER, NOTES, ORDER, OWN_META
from syncengine.values import Value, match_key

__all__ = ["Orders"]

LINES, REFUNDED = "lines", "refunded"
BESIDE = (*NOTES, REFUNDED)  # what is no part of an order, and written on routes of its own
REFERENCE = "_syncengine_reference"  # the meta key under which a created order tells whose it is
SEARCHED = ("number", "transaction_id")
NO_ORDERS = ("auto-draft", "checkout-draft", "trash")  # a basket at the checkout is none yet
USUAL = ("pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed")
TAKEN_OUT = frozenset("<>&%\\")  # from a text, or kept in another spelling
LONGEST_REFERENCE = 100  # characters, a column of the database
CUSTOMERS = Route("customers", {"role": "all"})  # any user may have orders
CURRENCY = re.compile(r"[A-Z]{3}")
EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")


def _email(value: Value) -> str:
    """A batch takes anything, and has no e-mail then (FACTS-WOOCOMMERCE, 2); an empty one it does not take."""
    return "" if isinstance(value, str) and EMAIL.fullmatch(value) else f"not an e-mail address: {value!r}"


def _customer(value: Value) -> str:
    if reason := whole(may_be_empty=False)(value):
        return reason
    number = number_in(value)
    return "" if number is not None and number >= 0 else f"not the number of a customer: {value!r}"


def _currency(value: Value) -> str:
    return "" if isinstance(value, str) and CURRENCY.fullmatch(value) else f"not a currency: {value!r} (such as EUR)"


def _reference(value: Value) -> str:
    """An order is searched for by its reference in small letters: it has to be found so."""
    text = str(value or "")
    if not text or match_key(text) != text.lower() or set(text) & TAKEN_OUT or not text.isprintable():
        return f"not a reference by which the shop would find an order again: {text!r} (letters, digits, - / . : and #)"
    return "" if len(text) <= LONGEST_REFERENCE else f"a reference of more than {LONGEST_REFERENCE} characters"


class Orders(Plain):
    """The orders of one store, for one job."""

    route = Route("orders", {"status": "any"}, ("status",))
    own_meta = frozenset({MARK, *OWN_META})
    beyond = frozenset({LINES, "set_paid", "notes", *BESIDE})
    judges: Mapping[str, Callable[[Value], str]] = {
        "customer_id": _customer,
        **dict.fromkeys(("customer_note", "payment_method", "payment_method_title", "transaction_id"), plain_text),
        **{f"{which}.{part}": plain_text for which, parts in ORDER.inside.items() for part in parts},
        **dict.fromkeys(NOTES, plain_text),
        **dict.fromkeys(("billing.country", "shipping.country"), country),
        "billing.email": _email,
        REFUNDED: price,
        "set_paid": switch,
        "created_via": slug,
        "currency": _currency,
    }

    def _begin(self) -> None:
        super()._begin()
        if self._view.mapping.create_in_store:
            self._table = NEW_ORDER
        lines, new_lines = self._view.mapping.lines("erp"), self._view.mapping.lines("store")
        self._new_lines = NewLines(self._client, new_lines, self._connection.concurrency) if new_lines else None
        stand_in = {LINES: lines.kinds if lines else (), "notes": (), REFUNDED: ("refunds",)}
        self._objects.tops = list(dict.fromkeys(top for one in self._objects.tops for top in stand_in.get(one, (one,))))
        self._notes = Notes(self._client, self.settle, self._sleep)
        self._refunds = Refunds(self._client, through_gateway=self._view.mapping.store.api_refund)

    def special(self) -> Mapping[str, Reader]:
        lines = self._view.mapping.lines("erp")
        return {
            LINES: lines_of(lines) if lines else _untold,
            **dict.fromkeys(NOTES, _untold),
            "notes": self._written,
            REFUNDED: refunded,
        }

    def concerns(self) -> Iterator[Finding]:
        return concerns(self._view.mapping, self._client.options(self.route.path).body)

    def leaves_out(self, record: Record) -> bool:
        asked_for = self._view.mapping.store.only.get("status", ())
        return record.get("status") in NO_ORDERS and record.get("status") not in asked_for

    def pull(self, cursor: Cursor, wanted: Collection[str], *, full: bool) -> DatedPull:
        return DatedPull(
            self._client,
            self._objects,
            self.route,
            self._view.mapping.store.only,
            concurrency=self.concurrency,
            overlap=self._connection.overlap,
            cursor=cursor,
            wanted=wanted,
            full=full,
            leaves_out=self.leaves_out,
        )

    def find(self, path: str, values: Collection[str]) -> Iterator[Page]:
        """A number is mostly the id. Where a plug-in numbers orders, each is searched for, and so is each reference:
        there is no filter for either, but a search finds them (FACTS-WOOCOMMERCE, 7)."""
        if path not in SEARCHED:
            yield from super().find(path, values)
            return
        wanted = {match_key(value) for value in values} - {""}
        found: set[str] = set()
        fields = ",".join(dict.fromkeys([*self._objects.tops, path]))
        if path == "number":
            for rows in records_by_id(self._client, self.route, wanted, fields, self.concurrency):
                matching = [row for row in rows if _word(row, path) in wanted]
                found.update(_word(row, path) for row in matching)
                if matching:
                    yield self._objects.page(matching)
        query = {**self.route.everything, "_fields": fields}
        searches = [(self.route.path, {**query, "search": word}) for word in sorted(wanted - found)]
        for rows in asked(self._client, searches, self.concurrency):
            if matching := [row for row in rows if _word(row, path) in wanted - found]:
                yield self._objects.page(matching)

    def refusal(self, path: str, value: Value) -> str:
        if path == "status":
            known = self._statuses
            return "" if value in known else f"the shop has no status {value!r}; it has {', '.join(known)}"
        if path == LINES and self._new_lines is not None:
            return self._new_lines.refusal(value)
        if path == NEW_ORDER.reference and self._new_lines is not None and (reason := _reference(value)):
            return reason
        return super().refusal(path, value)

    def unfounded(self, changes: Sequence[Change]) -> dict[str, str]:
        """Orders of customers whom the shop does not have, and refunds that it would not make."""
        return self._of_strangers(changes) | self._not_to_be_refunded(changes)

    def _of_strangers(self, changes: Sequence[Change]) -> dict[str, str]:
        told = ((change.id, self.field_at(change, "customer_id")) for change in changes)
        owners = {change: str(owner.new) for change, owner in told if owner is not None and owner.new}
        pages = records_by_id(self._client, CUSTOMERS, set(owners.values()), "id", self.concurrency)
        known = {str(one["id"]) for page in pages for one in page}
        return {change: f"the shop has no customer {owner}" for change, owner in owners.items() if owner not in known}

    def _not_to_be_refunded(self, changes: Sequence[Change]) -> dict[str, str]:
        totals = {
            one.record_id: total
            for one in changes
            if one.record_id is not None
            and (what := self.field_at(one, REFUNDED)) is not None
            and (total := number_in(what.new)) is not None
        }
        refused = self._refunds.impossible(totals)
        return {one.id: reason for one in changes if (reason := refused.get(one.record_id or ""))}

    def body(self, change: Change) -> Record:
        body = super().body(change)
        if change.action != "create" or self._new_lines is None:
            return body
        lines = next((what.new for name, what in change.fields.items() if self._path(name) == LINES), None)
        reference = {"key": REFERENCE, "value": str(change.key)}  # payments put their own in place of the other one
        return body | self._new_lines.json(lines) | {"meta_data": [*body.get("meta_data", ()), reference]}

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        """What stands beside an order first: where it has its new status, its notes and its refund were written."""
        if self._view.read_only:
            raise CannotRun(f"connections.{self._connection.name}: a dry run was about to write")
        outcomes = {id(change): outcome for change in changes if (outcome := self._beside(change)) is not None}
        rest = [change for change in changes if id(change) not in outcomes]
        outcomes.update((id(outcome.change), outcome) for outcome in (super().send(rest) if rest else ()))
        return [outcomes[id(change)] for change in changes]

    def _beside(self, change: Change) -> Outcome | None:
        """Write the notes and the refund of a change; None where there is more to be written."""
        beside = {path: what for name, what in change.fields.items() if (path := self._path(name)) in BESIDE}
        if not beside:
            return None
        if not (change.record_id or "").isdigit():
            return Outcome(change, "failed", error=f"not an order's id: {change.record_id!r}")
        try:
            for path, what in beside.items():
                self._write_beside(str(change.record_id), path, what)
        except NoteRefused as refused:
            return Outcome(change, "failed", change.record_id, error=str(refused))
        except LostReply as lost:
            return Outcome(change, "unknown", change.record_id, error=str(lost))
        if len(beside) == len(change.fields):
            return Outcome(change, "done", change.record_id)
        return None

    def _write_beside(self, order: str, path: str, what: FieldChange) -> None:
        """Raises NoteRefused, or LostReply where nothing is certain. A refund that is refused fails by itself."""
        if path != REFUNDED:
            if text := str(what.new or "").strip():
                self._notes.write(order, text, to_customer=path == "note:customer")
            return
        total = number_in(what.new)
        what.error = self.refusal(path, what.new)
        if total is not None and not what.error:
            try:
                self._refunds.bring_to(order, total)
            except RefundRefused as refused:
                what.error = str(refused)

    def _written(self, order: Record) -> list[dict[str, Any]] | str:
        """What people wrote at an order, as the mapping has it."""
        notes = self._notes.of_people(str(order["id"]))
        kind = next(field.type.name for field in self._view.mapping.by_path("store", "notes"))
        return notes if kind == "json" else "\n".join(note["note"] for note in notes)

    def _path(self, name: str) -> str:
        return self._objects.path_of(name)[0]

    @cached_property
    def _statuses(self) -> Sequence[str]:
        """Those of the shop, with its plug-ins': a batch makes any other word `pending` (FACTS-WOOCOMMERCE, 9)."""
        told = properties(self._client.options(self.route.path).body) or {}
        words = (told.get("status") or {}).get("enum")
        return [word for word in words if word not in NO_ORDERS] if isinstance(words, list) and words else USUAL


def _word(order: Record, path: str) -> str:
    return match_key(str(order.get(path) or ""))


def _untold(order: Record) -> None:
    """A note cannot be read out of its order."""
