"""Amounts of money in an order: counted in decimals, rounded as PHP rounds, shown with two places."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from math import isfinite
from typing import Any

from syncengine.sandbox import values

_ROUNDING = Context(prec=400, rounding=ROUND_HALF_UP)
_CENT = Decimal("0.01")


def amount(value: Any) -> Decimal:
    """What a text counts as: 0 if it is no number."""
    number = values.amount(value) if isinstance(value, str | list | dict) else float(value or 0)
    return Decimal(repr(number)) if isfinite(number) else Decimal(0)


def given(value: Any) -> str:
    """An amount that a client sends, as it is kept: not rounded, 0 if it is no number."""
    return bare(amount(values.price(values.php_text(value))))


def rounded(number: Decimal) -> Decimal:
    return number.quantize(_CENT, context=_ROUNDING)


def shown(number: Decimal) -> str:
    """With two places, as totals are shown."""
    return f"{rounded(number):f}"


def bare(number: Decimal) -> str:
    """Without zeros at the end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def json_number(number: float) -> int | float:
    """A number as PHP writes it into JSON: whole where it is whole."""
    return int(number) if number.is_integer() else number
