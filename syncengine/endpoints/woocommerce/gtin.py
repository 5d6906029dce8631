"""Article numbers: EAN-8, UPC-12, EAN-13, GTIN-14, ISBN-10 and ISBN-13, each with a check digit at its end."""

from __future__ import annotations

import re

from stdnum import ean, isbn

__all__ = ["wrong"]

TAKEN = re.compile(r"[0-9-]+")  # a number with anything else in it is blanked (FACTS-WOOCOMMERCE, 2)
KINDS = {8: "EAN-8", 10: "ISBN-10", 12: "UPC-12", 13: "EAN-13", 14: "GTIN-14"}  # by how many digits they have


def wrong(text: str) -> str:
    """What is wrong with an article number, "" if nothing is."""
    shown, digits = repr(text[:40]), text.replace("-", "")
    if digits.upper().endswith("X") and isbn.is_valid(text):
        return f"the store takes no X, as in {shown}: write the ISBN-13, {isbn.to_isbn13(text)}"
    if not TAKEN.fullmatch(text):
        return f"not a GTIN: {shown} (digits and hyphens only)"
    if len(digits) not in KINDS:
        known = ", ".join(f"{length} ({kind})" for length, kind in KINDS.items())
        return f"not a GTIN: {shown} has {len(digits)} digits; there are {known}"
    right = _check_digit(digits[:-1])
    if digits[-1] == right:
        return ""
    return f"the check digit of {shown} is wrong: as {KINDS[len(digits)]} it would have to end in {right}"


def _check_digit(body: str) -> str:
    if len(body) == 9:
        return next(digit for digit in "0123456789X" if isbn.is_valid(body + digit))
    return ean.calc_check_digit(body)
