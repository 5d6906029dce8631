"""Stores that are spoken to by the API which WooCommerce had before the one of WordPress, `/wc-api/v3`.

client.py takes what the endpoints ask of wc/v3 and asks it of the old API, words.py translates records, terms.py knows
categories, tags and attributes by their names, limits.py says what of a mapping the old API cannot do, auth.py signs,
probe.py looks at such a store.

How the old API answers was measured for customers, and for products as far as FACTS-WOOCOMMERCE, 13, says. The rest
follows the source of WooCommerce's Legacy REST API: filters by status, id and date, attributes, terms, texts, and that
it creates and destroys products one by one. What it answers to a write is compared with what was sent, as always.
"""
