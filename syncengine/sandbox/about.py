"""What the shop says of itself: the site's index, and WooCommerce's system status."""

from __future__ import annotations

from typing import Any

from syncengine.sandbox import settings
from syncengine.sandbox.site import Site


def index(site: Site, home: str) -> dict[str, Any]:
    """/wp-json/: who this is, what time it is there, and which APIs there are."""
    authorize = {"authorization": f"{home}/wp-admin/authorize-application.php"}
    return {
        "name": "Sandbox",
        "description": "",
        "url": home,
        "home": home,
        "gmt_offset": site.gmt_offset(),
        "timezone_string": site.zone.key,
        "namespaces": ["wc/v3", "wp/v2"],
        "authentication": {"application-passwords": {"endpoints": authorize}},
        "routes": {},
    }


def system_status(site: Site, home: str) -> dict[str, Any]:
    """/system_status, as far as it was recorded (schema/system_status.json)."""
    return {
        "environment": {
            "home_url": home,
            "site_url": home,
            "version": site.woocommerce,
            "wp_version": site.wordpress,
            "wp_multisite": False,
            "wp_memory_limit": 536870912,
            "wp_debug_mode": False,
            "wp_cron": True,
            "language": "en_US",
            "server_info": "nginx/1.22.1",
            "php_version": "8.2.35",
            "mysql_version_string": "10.11.19-MariaDB",
            "default_timezone": "UTC",
            "secure_connection": home.startswith("https://"),
        },
        "active_plugins": [],
        "settings": {
            "api_enabled": False,
            "force_ssl": False,
            "currency": settings.CURRENCY,
            "currency_symbol": "&euro;",
            "currency_position": "left",
            "thousand_separator": settings.THOUSANDS,
            "decimal_separator": settings.DECIMAL_POINT,
            "number_of_decimals": settings.DECIMALS,
            "geolocation_enabled": False,
            "taxonomies": {name: name for name in ("external", "grouped", "simple", "variable")},
            "HPOS_enabled": True,
            "HPOS_sync_enabled": False,
        },
    }
