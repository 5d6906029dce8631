"""Customers, who are users of the shop: as WooCommerce knows them, and as WordPress does (FACTS-WOOCOMMERCE, 3, 12)."""
