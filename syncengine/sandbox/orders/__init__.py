"""Orders: their lines, what becomes of stock, notes and refunds (FACTS-WOOCOMMERCE, 5, 7, 8 and 9)."""
