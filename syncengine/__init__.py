"""Two-way sync between ERPs (or the files they exchange) and WooCommerce shops."""

__version__ = "0.1.0"
