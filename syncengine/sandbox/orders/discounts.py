"""What a coupon takes off the lines of an order: in cents, no part of which is ever given (WooCommerce's own code)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from syncengine.sandbox import money
from syncengine.sandbox.orders.lines import Line, product_of
from syncengine.sandbox.site import Site
from syncengine.sandbox.store import Product
from syncengine.sandbox.tables import Record

CENTS = Decimal(100)


@dataclass
class Item:
    """A line to be discounted; `price` is what all of it costs, `discount` what was taken off so far, in cents."""

    line: Line
    product: Product | None
    quantity: int
    price: Decimal
    discount: Decimal = Decimal(0)

    def left(self) -> Decimal:
        return abs(_whole(self.price - self.discount))

    def take(self, amount: Decimal) -> Decimal:
        """Takes off so much, or all that is left; says how much."""
        taken = min(self.left(), amount)
        self.discount += taken
        return taken


def items_of(site: Site, order: Record) -> list[Item]:
    """The lines of an order, those of most worth first."""
    items = [
        Item(line, product_of(site, line), line["quantity"], money.amount(line["subtotal"]) * CENTS)
        for line in order.fields["line_items"]
    ]
    return sorted(items, key=lambda item: item.price * item.quantity, reverse=True)


def take_off(coupon: Record, items: list[Item]) -> Decimal:
    """Takes off what a coupon is worth to these items; says how much that is."""
    before = _taken(items)
    amount = money.amount(coupon.fields["amount"])
    items = [item for item in items if item.left() and item.quantity > 0]
    match coupon.fields["discount_type"]:
        case "percent":
            _percent(coupon, items, amount / 100)
        case "fixed_product":
            _of_each(coupon, items, amount * CENTS)
        case _:
            _of_all(coupon, items, amount * CENTS)
    return _taken(items) - before


def _taken(items: list[Item]) -> Decimal:
    return sum((item.discount for item in items), Decimal(0))


def _limited(coupon: Record, items: list[Item]) -> Iterator[tuple[Item, int]]:
    """Each item with how many of it the coupon is for."""
    left = coupon.fields["limit_usage_to_x_items"] or sum(item.quantity for item in items)
    for item in items:
        quantity = min(left, item.quantity)
        left -= quantity
        yield item, quantity


def _percent(coupon: Record, items: list[Item], share: Decimal) -> None:
    total = taken = Decimal(0)
    for item, quantity in _limited(coupon, items):
        price = _whole(item.price) * quantity / item.quantity
        total += price
        taken += item.take((price * share).to_integral_value(ROUND_DOWN))
    _cent_by_cent(items, _whole(total * share) - taken)


def _of_each(coupon: Record, items: list[Item], amount: Decimal) -> Decimal:
    limited = bool(coupon.fields["limit_usage_to_x_items"])
    taken = Decimal(0)
    for item, quantity in _limited(coupon, items):
        taken += item.take((min(amount, item.price / item.quantity) if limited else amount) * quantity)
    return taken


def _of_all(coupon: Record, items: list[Item], amount: Decimal) -> None:
    """Shares an amount out among the items, as evenly as whole cents allow."""
    while amount > 0:
        items = [item for item in items if item.left()]
        pieces = sum(item.quantity for item in items)
        each = (amount / pieces).to_integral_value(ROUND_DOWN) if pieces else Decimal(0)
        taken = _of_each(coupon, items, each) if each else Decimal(0)
        if not taken:
            _cent_by_cent(items, amount)
            return
        amount -= taken


def _cent_by_cent(items: list[Item], amount: Decimal) -> None:
    for item in items:
        for _ in range(item.quantity):
            if amount <= 0:
                return
            if not item.left():
                break
            amount -= item.take(Decimal(1))


def _whole(cents: Decimal) -> Decimal:
    return money.rounded(cents / CENTS) * CENTS
