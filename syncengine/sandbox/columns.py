"""What the tables of customers, orders and the rest hold beside their documents, to be filtered and sorted by."""

from __future__ import annotations

from syncengine.sandbox.tables import Columns, Record
from syncengine.sandbox.values import collated


def _words(record: Record) -> str:
    """What `search` looks into: an order's addresses, the names of its lines and its transaction, but no meta data."""
    fields = record.fields
    names = (line["name"] for line in fields["line_items"])
    texts = (*fields["billing"].values(), *fields["shipping"].values(), fields["transaction_id"], *names)
    return collated("\n".join(texts))


ORDER: Columns = {
    "status": lambda order: order.fields["status"],
    "parent": lambda order: order.fields["parent_id"],
    "customer": lambda order: order.fields["customer_id"],
    "via": lambda order: order.fields["created_via"],
    "products": lambda order: "".join(f" {line['product_id']} " for line in order.fields["line_items"]),
    "words": _words,
}
REFUND: Columns = {"parent": lambda refund: refund.fields["parent_id"]}
NOTE: Columns = {
    "parent": lambda note: note.fields["order_id"],
    "for_customer": lambda note: int(note.fields["customer_note"]),
}
CUSTOMER: Columns = {
    "login": lambda customer: collated(customer.fields["username"]),
    "email": lambda customer: collated(customer.fields["email"]),
    "roles": lambda customer: "".join(f" {role} " for role in customer.fields["roles"]),
    "words": lambda customer: collated(f"{customer.fields['username']}\n{customer.fields['email']}"),
}
COUPON: Columns = {
    "code": lambda coupon: collated(coupon.fields["code"]),
    "status": lambda coupon: coupon.fields["status"],
    "words": lambda coupon: collated(f"{coupon.fields['code']}\n{coupon.fields['description']}"),
}
