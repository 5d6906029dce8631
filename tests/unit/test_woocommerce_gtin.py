"""Article numbers that the store would keep, though nobody could scan them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean

from syncengine.endpoints.woocommerce.gtin import wrong


@pytest.mark.parametrize(
    "number",
    [
        "73513537",  # EAN-8
        "036000291452",  # UPC
        "4006381333931",
        "00012345600012",  # GTIN-14
        "978-0-471-11709-4",  # ISBN, with the hyphens that the store keeps
        "0471117099",
    ],
)
def test_every_kind_of_number_is_known(number: str) -> None:
    assert wrong(number) == ""


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("4006381333932", "the check digit of '4006381333932' is wrong: as EAN-13 it would have to end in 1"),
        ("73513538", "as EAN-8 it would have to end in 7"),
        ("036000291453", "as UPC-12 it would have to end in 2"),
        ("00012345600013", "as GTIN-14 it would have to end in 2"),
        ("978-0-471-11709-5", "as EAN-13 it would have to end in 4"),
        ("0804429570", "as ISBN-10 it would have to end in X"),
        ("080442957X", "the store takes no X, as in '080442957X': write the ISBN-13, 9780804429573"),
        ("080442957Y", "digits and hyphens only"),
        ("4006 381333931", "not a GTIN: '4006 381333931' (digits and hyphens only)"),
        ("4.00638E+12", "digits and hyphens only"),
        ("400638133393", "as UPC-12 it would have to end in 0"),
        ("40063813339", "has 11 digits; there are 8 (EAN-8), 10 (ISBN-10), 12 (UPC-12), 13 (EAN-13), 14 (GTIN-14)"),
        ("--", "has 0 digits"),
        ("٤٠٠٦٣٨١٣", "digits and hyphens only"),
    ],
)
def test_a_wrong_number_is_told_with_what_would_be_right(number: str, reason: str) -> None:
    assert reason in wrong(number)


@given(st.sampled_from([7, 11, 12, 13]).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)))
def test_of_ten_last_digits_one_is_right_and_the_others_name_it(body: str) -> None:
    right = ean.calc_check_digit(body)
    assert wrong(body + right) == ""
    for digit in set("0123456789") - {right}:
        assert wrong(body + digit).endswith(f"end in {right}")
