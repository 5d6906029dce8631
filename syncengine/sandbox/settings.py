"""/settings: the few options of the shop that matter to whoever writes prices and stock."""

from __future__ import annotations

from typing import Any

from syncengine.sandbox.messages import ApiError

_GROUPS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "general": (
        ("woocommerce_default_country", "Country / State", "select", "DE:DE-BE"),
        ("woocommerce_currency", "Currency", "select", "EUR"),
        ("woocommerce_price_thousand_sep", "Thousand separator", "text", ","),
        ("woocommerce_price_decimal_sep", "Decimal separator", "text", "."),
        ("woocommerce_price_num_decimals", "Number of decimals", "number", "2"),
    ),
    "products": (
        ("woocommerce_weight_unit", "Weight unit", "select", "kg"),
        ("woocommerce_dimension_unit", "Dimensions unit", "select", "cm"),
        ("woocommerce_manage_stock", "Manage stock", "checkbox", "yes"),
        ("woocommerce_notify_no_stock_amount", "Out of stock threshold", "number", "0"),
    ),
}


def of_group(group: str) -> list[dict[str, Any]]:
    if group not in _GROUPS:
        raise ApiError(404, "rest_setting_setting_group_invalid", "Invalid setting group.")
    return [
        {"id": name, "label": label, "type": kind, "default": value, "tip": "", "value": value}
        for name, label, kind, value in _GROUPS[group]
    ]


def one(group: str, name: str) -> dict[str, Any]:
    for setting in of_group(group):
        if setting["id"] == name:
            return setting
    raise ApiError(404, "rest_setting_setting_invalid", "Invalid setting.")
