"""What an order does to the stock of what it sells. Each line remembers in its meta data what was taken for it."""

from __future__ import annotations

from syncengine.sandbox import goods
from syncengine.sandbox.orders import notes
from syncengine.sandbox.orders.lines import Line, product_of
from syncengine.sandbox.site import Site
from syncengine.sandbox.tables import Record
from syncengine.sandbox.values import php_integer

_TAKEN, _RESTOCKED = "_reduced_stock", "_restock_refunded_items"
_ARROW = "&rarr;"


def take(site: Site, order: Record) -> None:
    """Takes what is ordered and was not taken yet; a stock may fall below 0."""
    if order.fields["stock_taken"]:
        return
    order.fields["stock_taken"] = True
    moves = []
    for line in order.fields["line_items"]:
        if not _of(line, _TAKEN) and (move := _move(site, line, -line["quantity"])):
            _put(site, line, _TAKEN, line["quantity"])
            moves.append(move)
    if moves:
        notes.add(site, order.id, f"Stock levels reduced: {', '.join(moves)}")


def give_back(site: Site, order: Record) -> None:
    """Gives back what was taken."""
    if not order.fields["stock_taken"]:
        return
    order.fields["stock_taken"] = False
    moves = []
    for line in order.fields["line_items"]:
        if (taken := _of(line, _TAKEN)) and (move := _move(site, line, taken)):
            _put(site, line, _TAKEN, None)
            moves.append(move)
    if moves:
        notes.add(site, order.id, f"Stock levels increased: {', '.join(moves)}")


def adjust(site: Site, order: Record, line: Line, quantity: int) -> None:
    """Lets the stock follow a line whose quantity changed while stock is taken; 0: the line is removed."""
    product = product_of(site, line)
    if product is None:
        return
    taken, restocked = _of(line, _TAKEN), _of(line, _RESTOCKED)
    wanted = quantity - restocked if quantity else 0
    moved = goods.move_stock(site, product, taken - wanted) if taken != wanted else None
    if moved is None or not quantity:
        return
    _put(site, line, _TAKEN, wanted)
    order.fields["stock_taken"] = True
    text = f"Adjusted stock: {line['name']} ({moved[0]}{_ARROW}{moved[1]})"
    notes.add(site, order.id, text, author=notes.MANAGER)


def restock(site: Site, order: Record, line: Line, quantity: int) -> None:
    """Gives back what is refunded of a line, if it was taken for it."""
    product, taken = product_of(site, line), _of(line, _TAKEN)
    moved = goods.move_stock(site, product, quantity) if product and taken and quantity else None
    if moved is None or product is None:
        return
    _put(site, line, _TAKEN, taken - quantity)
    _put(site, line, _RESTOCKED, _of(line, _RESTOCKED) + quantity)
    notes.add(site, order.id, f"Item #{product.id} stock increased from {moved[0]} to {moved[1]}.")


def _move(site: Site, line: Line, by: int) -> str | None:
    """Moves the stock of a line's product; says what moved, None where stock is not managed."""
    product = product_of(site, line)
    moved = goods.move_stock(site, product, by) if product else None
    if moved is None or product is None:
        return None
    sku = product.fields.get("sku") or f"#{product.id}"
    return f"{product.fields['name']} ({sku}) {moved[0]}{_ARROW}{moved[1]}"


def _of(line: Line, key: str) -> int:
    return next((php_integer(row[2]) for row in line["meta"] if row[1] == key), 0)


def _put(site: Site, line: Line, key: str, value: int | None) -> None:
    row = next((row for row in line["meta"] if row[1] == key), None)
    if value is None:
        line["meta"] = [each for each in line["meta"] if each is not row]
    elif row is not None:
        row[2] = str(value)
    else:
        line["meta"] = [*line["meta"], [site.store.next_id("item_meta"), key, str(value)]]
