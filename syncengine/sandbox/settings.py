"""/settings: the few options of the shop that matter to whoever writes prices, measures and stock."""

from __future__ import annotations

from typing import Any

from syncengine.sandbox.messages import ApiError

CURRENCY, THOUSANDS, DECIMAL_POINT, DECIMALS = "EUR", ",", ".", 2
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "CHF": "CHF", "PLN": "zł"}
_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTC BTN BWP BYR BYN "
    "BZD CAD CDF CHF CLP CNY COP CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GGP GHS "
    "GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS IMP INR IQD IRR IRT ISK JEP JMD JOD JPY KES KGS KHR KMF "
    "KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD "
    "NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PRB PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP "
    "SLL SOS SRD SSP STN SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VEF VES VND VUV WST "
    "XAF XCD XOF XPF YER ZAR ZMW"
)
CURRENCIES = tuple(_CODES.split())

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
