"""What is made unreadable in texts for others, and what is left as it is."""

from __future__ import annotations

import pytest

from syncengine.private import discreet, hide, of_a_person, scrubbed, shortened


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("postgresql://sync:pass@host/db", "postgresql://sync:***@host/db"),
        ("key 'ck_abc' is wrong", "key 'ck_***' is wrong"),
        (
            'OAuth oauth_consumer_key="x1", oauth_signature="a%2Fb="',
            'OAuth oauth_consumer_key="***", oauth_signature="***"',
        ),
        (
            "/products?consumer_key=ck_1&consumer_secret=cs_2&page=2",
            "/products?consumer_key=***&consumer_secret=***&page=2",
        ),
        ("mock_data and http://127.0.0.1:8899/wp-json", "mock_data and http://127.0.0.1:8899/wp-json"),
    ],
)
def test_only_secrets_are_made_unreadable(text: str, safe: str) -> None:
    assert scrubbed(text) == safe


def test_a_secret_that_is_known_is_found_wherever_it_stands() -> None:
    hide("pa&ss w/rd")
    hide("sync")
    assert scrubbed("with pa&ss w/rd or pa%26ss%20w%2Frd") == "with *** or ***"
    assert scrubbed("sync the sync.db") == "sync the sync.db", "what is short may be any word"


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("not a number: 'jane.doe+shop@mail.example.co.uk'", "not a number: 'j…@mail.example.co.uk'"),
        ("<Jürgen@bücher.example>, j@x.de.", "<J…@bücher.example>, j…@x.de."),
        ("+49 170 1234567", "+49…67"),
        ("+49 (0)30/12 34-56", "+49…56"),
        ("call 030/1234567 or 0176 12345678 or (089) 123456", "call 030…67 or 017…78 or (08…56"),
        ("(555) 123-4567, 555-123-4567", "(55…67, 555…67"),
    ],
)
def test_of_people_only_a_hint_is_left(text: str, short: str) -> None:
    assert shortened(text) == short
    assert discreet(text) == short


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("the store kept 01761234567", "the store kept 017…67"),
        ("'00491761234567', 0176-12345678, 0176.123.4567", "'004…67', 017…78, 017…67"),
        ("phone:0176 1234567, mobil/01761234567x, Tel.123456", "phone:017…67, mobil/017…67x, Tel.123…56"),
        ("j.doe@mail.example, j@x.png.example", "j…@mail.example, j…@x.png.example"),
        (
            "born 2026-11-21 or 21.11.2026, 400 of 1,000 at 19.90",
            "born 2026-11-21 or 21.11.2026, 400 of 1,000 at 19.90",
        ),
        ("http://192.168.100.200:8899 does not answer", "http://192.168.100.200:8899 does not answer"),
    ],
)
def test_in_what_is_said_of_a_person_no_number_is_left_that_can_be_called(text: str, short: str) -> None:
    assert of_a_person(text) == short


@pytest.mark.parametrize(
    "text",
    [
        "20261121T090312-7c1e-4",
        "2026-11-21 09:03:14Z, 21.11.2026, 01/02/2026 and 1/2/26",
        "not a date like 2026-12-31: '05 12 2026', 05/12/2026 14:30, 01.02.2026 or 05 12 26",
        "Error getting remote image https://missing.example/img/boot@2x.png, icons/hat-red@3x.JPEG?v=2",
        "Invalid or duplicated SKU. 0815/4711-20 and '030 100 200 mm'",
        "4006381333931, 00012345678905 and 0815-4711",
        "A-17 at 19.90, 1.234.567,89, +5, -12 and 12 345 678",
        "products.csv:18 of 1,000 in http://127.0.0.1:8899/wp-json/wc/v3",
        "@ @x a@ git@host and 3 @ 5",
    ],
)
def test_numbers_of_articles_times_and_prices_are_no_telephone_numbers(text: str) -> None:
    assert discreet(text) == text
