"""/settings: the few options of the shop that matter to whoever writes prices, measures and stock."""

from __future__ import annotations

from typing import Any

from syncengine.sandbox.messages import ApiError

CURRENCY, THOUSANDS, DECIMAL_POINT, DECIMALS = "EUR", ",", ".", 2

_LABELS = {"general": "General", "products": "Products", "tax": "Tax"}
_GROUPS: dict[str, tuple[tuple[str, str, str, str, str], ...]] = {
    "general": (
        ("woocommerce_default_country", "Country / State", "select", "US:CA", "DE:DE-BE"),
        ("woocommerce_calc_taxes", "Enable taxes", "checkbox", "no", "no"),
        ("woocommerce_currency", "Currency", "select", "USD", CURRENCY),
        ("woocommerce_currency_pos", "Currency position", "select", "left", "left"),
        ("woocommerce_price_thousand_sep", "Thousand separator", "text", ",", THOUSANDS),
        ("woocommerce_price_decimal_sep", "Decimal separator", "text", ".", DECIMAL_POINT),
        ("woocommerce_price_num_decimals", "Number of decimals", "number", "2", str(DECIMALS)),
    ),
    "products": (
        ("woocommerce_weight_unit", "Weight unit", "select", "kg", "kg"),
        ("woocommerce_dimension_unit", "Dimensions unit", "select", "cm", "cm"),
        ("woocommerce_manage_stock", "Manage stock", "checkbox", "yes", "yes"),
        ("woocommerce_notify_no_stock_amount", "Out of stock threshold", "number", "0", "0"),
    ),
    "tax": (("woocommerce_prices_include_tax", "Prices entered with tax", "radio", "no", "no"),),
}


def groups() -> list[dict[str, Any]]:
    return [
        {"id": group, "label": _LABELS[group], "description": "", "parent_id": "", "sub_groups": []}
        for group in _GROUPS
    ]


def of_group(group: str) -> list[dict[str, Any]]:
    """The options of a group; raises ApiError if there is none of that name."""
    if group not in _GROUPS:
        raise ApiError(404, "rest_setting_setting_group_invalid", "Invalid setting group.")
    return [
        {"id": name, "label": label, "type": kind, "default": default, "tip": "", "value": value}
        for name, label, kind, default, value in _GROUPS[group]
    ]


def one(group: str, name: str) -> dict[str, Any]:
    for setting in of_group(group):
        if setting["id"] == name:
            return setting
    raise ApiError(404, "rest_setting_setting_invalid", "Invalid setting.")
