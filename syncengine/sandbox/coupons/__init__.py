"""Coupons, as WooCommerce keeps them (FACTS-WOOCOMMERCE, 7; its own code where nothing was measured)."""
