"""/wc-api/v3, the API that WooCommerce had before the one of WordPress: another view of the same shop.

What was measured of it is held by the contract's cases (FACTS-WOOCOMMERCE, 13); what was not follows the source of
WooCommerce's Legacy REST API: how products are written and shown, filters and terms.
"""
