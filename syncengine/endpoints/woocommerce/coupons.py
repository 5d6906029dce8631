"""The coupons of a store. Their codes are the same in any case: the store keeps them in small letters."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from html import unescape
from typing import Any

from syncengine.endpoints.woocommerce.customers import judge_email
from syncengine.endpoints.woocommerce.judges import (
    LONGEST_NAME,
    each,
    moment,
    one_of,
    plain_text,
    price,
    rich_text,
    switch,
    whole,
)  # fmt: skip
from syncengine.endpoints.woocommerce.moments import bare
from syncengine.endpoints.woocommerce.objects import MARK, Reader, Record
from syncengine.endpoints.woocommerce.plain import Judge, Plain
from syncengine.endpoints.woocommerce.remembered import Route
from syncengine.records import Change, FieldChange, Outcome
from syncengine.store_paths.coupon import COUPON, WORDS
from syncengine.values import Value, is_empty

__all__ = ["Coupons"]

EXPIRES = "date_expires"
BAD_AMOUNT = "coupon_invalid_amount"
TAKEN = "woocommerce_rest_coupon_code_already_exists"
NUMBERS = frozenset({"product_ids", "excluded_product_ids", "product_categories", "excluded_product_categories"})
AMOUNTS = frozenset({"amount", "minimum_amount", "maximum_amount"})
LIMITS = frozenset({"usage_limit", "usage_limit_per_user", "limit_usage_to_x_items"})
SWITCHES = frozenset({"individual_use", "free_shipping", "exclude_sale_items"})


def _code(code: object) -> str:
    """As the store keeps a code."""
    return unescape(str(code or "")).strip().lower()


def _moment(value: Value) -> str:
    """A day begins where the shop is, a moment is the same everywhere."""
    if isinstance(value, datetime):
        return f"{bare(value)}Z"
    return f"{value}T00:00:00" if value else ""


def _numbers(path: str) -> Reader:
    return lambda one: [str(number) for number in one.get(path) or ()]


def _listed(value: Value) -> list[Any]:
    return value if isinstance(value, list) else []


def _judge_code(code: Value) -> str:
    if not isinstance(code, str) or not code.strip():
        return "a coupon needs a code"
    if len(code) > LONGEST_NAME:
        return f"a code of more than {LONGEST_NAME} characters"
    if "<" in code or "\\" in code or any(unicodedata.category(one) == "Cc" for one in code):
        return f"a code with '<', a backslash or a control character, which the store changes: {code!r}"
    return plain_text(code)


def _judge_limit(limit: Value) -> str:
    """Of a number below 0 the store takes away the sign."""
    below = isinstance(limit, int) and limit < 0
    return f"a limit below 0: {limit}" if below else whole(may_be_empty=True)(limit)


def _judge_number(number: str) -> str:
    return "" if number.isascii() and number.isdigit() else f"not a number of the store: {number!r}"


class Coupons(Plain):
    """The coupons of one store, for one job."""

    # A coupon's date moves with its code, description and status only: all are read whole each time
    route = Route("coupons", {}, name="code")
    looked_up: Mapping[str, str] = {"code": "code"}
    also = (EXPIRES,)  # days are those of the shop's own clock
    own_meta = frozenset({MARK, *COUPON.own_meta})
    connected = (frozenset({"amount", "discount_type"}),)
    unique = ("code",)
    judges: Mapping[str, Judge] = {
        "code": _judge_code,
        "description": rich_text,
        "date_expires": moment,
        "date_expires_gmt": moment,
        "email_restrictions": each(judge_email),
        **{path: one_of(words) for path, words in WORDS.items()},
        **dict.fromkeys(AMOUNTS, price),
        **dict.fromkeys(LIMITS, _judge_limit),
        **dict.fromkeys(SWITCHES, switch),
        **dict.fromkeys(NUMBERS, each(_judge_number)),
    }

    def special(self) -> Mapping[str, Reader]:
        days = {EXPIRES: lambda one: str(one.get(EXPIRES) or "")[:10]} if self._counts_days() else {}
        return {
            "code": lambda one: _code(one.get("code")),
            "email_restrictions": lambda one: list(one.get("email_restrictions") or ()),
            **{path: _numbers(path) for path in NUMBERS},
            **days,
        }

    def normal(self, path: str, value: Value) -> Value:
        if path == "code":
            return _code(value)
        if path == "email_restrictions" and isinstance(value, list):
            return [str(one).lower() for one in value]
        if path in AMOUNTS and is_empty(value):
            return Decimal(0)
        if path in LIMITS and value == 0:
            return None
        return super().normal(path, value)

    def contradictions(self, values: Mapping[str, Value]) -> dict[str, str]:
        """A new coupon's amount is judged before its kind is known, so the store takes any."""
        amount = values.get("amount")
        if values.get("discount_type") == "percent" and isinstance(amount, Decimal) and amount > 100:
            return {"amount": f"a discount of {amount.normalize():f} percent"}
        return {}

    def body(self, change: Change) -> Record:
        item = super().body(change)
        for name, field in change.fields.items():
            path, _ = self._objects.path_of(name)
            if path in NUMBERS:
                item[path] = [int(str(one)) for one in _listed(field.new)]
            elif path == "email_restrictions":
                item[path] = _listed(field.new)
            elif path == "code":
                item[path] = field.new
            elif path.removesuffix("_gmt") == EXPIRES:  # no other spelling is looked at
                item.pop(f"{EXPIRES}_gmt", None)
                item[EXPIRES] = _moment(field.new)
        return item

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        """An amount is judged by the kind of discount that is there, not by the one that comes with it: where that is
        why it is refused, the kind goes ahead."""
        outcomes = super().send(changes)
        refused = [one.change for one in outcomes if one.status == "failed" and one.error.startswith(BAD_AMOUNT)]
        ahead = [replace(one, fields=kind) for one in refused if (kind := self._kind(one))]
        sent = {one.change.id for one in (super().send(ahead) if ahead else ()) if one.status == "done"}
        again = [one for one in refused if one.id in sent]
        told = {id(one.change): one for one in (super().send(again) if again else ())}
        return [told.get(id(one.change), one) for one in outcomes]

    def partner(self, change: Change, code: str, error: Mapping[str, Any]) -> str | None:
        return self.namesake(change, "code")[0] if code == TAKEN else None

    def _kind(self, change: Change) -> dict[str, FieldChange]:
        """Of an update, the kind of discount."""
        kind = self.field_at(change, "discount_type") if change.action == "update" else None
        return {name: field for name, field in change.fields.items() if field is kind}

    def _counts_days(self) -> bool:
        return any(field.type.name == "date" for field in self._view.mapping.by_path("store", EXPIRES))
