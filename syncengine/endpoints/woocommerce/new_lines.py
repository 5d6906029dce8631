"""The lines of an order that the ERP creates: judged before they are sent, their SKUs resolved to ids.

The store makes an empty line of a SKU that it does not have, and a quantity of 0 kills the whole batch
(FACTS-WOOCOMMERCE, 9). So an order with such a line is never sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from html import unescape
from typing import Any

from syncengine.endpoints.woocommerce.client import Client
from syncengine.endpoints.woocommerce.judges import LARGEST_STOCK, number_in, plain_text
from syncengine.endpoints.woocommerce.lists import asked, chunks
from syncengine.endpoints.woocommerce.objects import Record
from syncengine.endpoints.woocommerce.order_lines import KINDS
from syncengine.mapping import Lines
from syncengine.values import Value, match_key

__all__ = ["NewLines"]

ANY_METHOD = "other"  # what the shop itself calls a way of shipping that it does not know
AMOUNTS = ("subtotal", "total")
NO_SKU = ("", "0")  # these are no filter: the store then returns everything (FACTS-WOOCOMMERCE, 4)

Line = Mapping[str, Any]


class NewLines:
    """Lines as `lines` maps them. What a SKU stands for is asked once."""

    def __init__(self, client: Client, lines: Lines, concurrency: int) -> None:
        self._client, self._concurrency = client, concurrency
        self._words = {KINDS[kind][0]: kind for kind in lines.kinds}
        self._products: dict[str, list[Record]] = {}

    def refusal(self, value: Value) -> str:
        """Why an order with these lines cannot be created, "" where it can."""
        lines = value if isinstance(value, list) else []
        if not lines:
            return "it has no lines"
        faults = (f"line {at}: {fault}" for at, line in enumerate(lines, 1) if (fault := self._fault(line)))
        if first := next(faults, ""):
            return first
        self._ask(_sku(line) for line in lines if self._kind(line) == "line_items")
        unfit = (f"line {at}: {fault}" for at, line in enumerate(lines, 1) if (fault := self._unfit(line)))
        return next(unfit, "")

    def json(self, value: Value) -> dict[str, list[Record]]:
        """The lists of lines as the store takes them; of lines that `refusal` has nothing against."""
        found: dict[str, list[Record]] = {}
        for line in value if isinstance(value, list) else []:
            kind = self._kind(line)
            body = _common(line)
            if kind == "line_items":
                body |= self._of_product(line)
            elif kind == "shipping_lines":
                name = line.get("method_title") or line.get("name")
                body |= {"method_id": line.get("method_id") or ANY_METHOD, **({"method_title": name} if name else {})}
            else:
                body["name"] = line["name"]
            found.setdefault(kind, []).append(body)
        return found

    def _kind(self, line: Line) -> str:
        """The list that a line stands in, "" where that cannot be told."""
        usual = next(iter(self._words)) if len(self._words) == 1 else ""
        return self._words.get(str(line.get("kind") or usual), "")

    def _fault(self, line: Line) -> str:
        kind = self._kind(line)
        if not kind:
            return f"a new line cannot be of the kind {line.get('kind') or ''!r}, only {' or '.join(self._words)}"
        if kind == "line_items":
            quantity = number_in(line.get("quantity"))
            if quantity is None or quantity != quantity.to_integral_value() or not 0 < quantity <= LARGEST_STOCK:
                return f"the quantity must be a whole number above 0, not {line.get('quantity')!r}"
            if _sku(line) in NO_SKU:
                return "it has no SKU"
        if kind == "fee_lines" and not line.get("name"):
            return "a fee needs a name"
        for path in AMOUNTS:
            text = str(line.get(path) or "0")
            if number_in(text.removeprefix("-") if kind == "fee_lines" else text) is None:
                return f"not an amount: {text!r}"
        texts = (value for path, value in line.items() if path not in ("quantity", *AMOUNTS))
        return next((fault for text in texts if (fault := plain_text(text))), "")

    def _unfit(self, line: Line) -> str:
        if self._kind(line) != "line_items":
            return ""
        sku, found = _sku(line), self._products[match_key(_sku(line))]
        if not found:
            return f"no product of the shop has the SKU {sku!r}"
        if len(found) > 1:
            return f"the products {', '.join(str(one['id']) for one in found)} have the SKU {sku!r}"
        if found[0].get("type") == "variable":
            return f"{sku!r} is a product with variations, and one of these must be ordered"
        return ""

    def _ask(self, skus: Iterable[str]) -> None:
        """Find what has these SKUs, variations too."""
        unknown = {match_key(sku): sku for sku in skus if match_key(sku) not in self._products}
        query = {"status": "any", "_fields": "id,sku,type,parent_id"}
        requests = [("products", {**query, "sku": ",".join(chunk)}) for chunk in chunks(sorted(unknown.values()))]
        self._products.update((key, []) for key in unknown)
        for rows in asked(self._client, requests, self._concurrency):
            for row in rows:
                if (key := match_key(unescape(str(row.get("sku") or "")))) in unknown:
                    self._products[key].append(row)

    def _of_product(self, line: Line) -> Record:
        (product,) = self._products[match_key(_sku(line))]
        above = product.get("parent_id") if product.get("type") == "variation" else None
        ids = {"product_id": above, "variation_id": product["id"]} if above else {"product_id": product["id"]}
        body: Record = {**ids, "quantity": int(Decimal(str(line["quantity"])))}
        # a total below the subtotal is a discount: where only one of them is told, there is none
        amounts = {path: line[path] for path in AMOUNTS if line.get(path) is not None}
        told = next(iter(amounts.values()), None)
        body |= {path: str(amounts.get(path, told)) for path in AMOUNTS if amounts}
        return body | ({"name": line["name"]} if line.get("name") else {})


def _common(line: Line) -> Record:
    """What a line of any kind may have."""
    meta = [
        {"key": path.removeprefix("meta:"), "value": value}
        for path, value in line.items()
        if path.startswith("meta:") and value not in (None, "")
    ]
    body: Record = {"meta_data": meta} if meta else {}
    if line.get("tax_class"):
        body["tax_class"] = line["tax_class"]
    return body | ({"total": str(line["total"])} if line.get("total") is not None else {})


def _sku(line: Line) -> str:
    """Spaces around commas, or two of them, would break the list that a SKU is asked for in."""
    return " ".join(str(line.get("sku") or "").split())
