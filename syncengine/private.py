"""What is nobody else's business: secrets are made unreadable, people are only hinted at.

It stands between the program and everything that is written for others to read: logs, errors, tracebacks.
"""

from __future__ import annotations

import re
from urllib.parse import quote

__all__ = ["discreet", "hide", "of_a_person", "scrubbed", "shortened", "without_addresses"]

# What may stand in the message of some library's error: API keys, OAuth parameters, the password of a database.
SECRETS = re.compile(
    r"(?P<key>\b(?:ck|cs)_)[^\s&\"'<>]+"
    r"|(?P<parameter>\b(?:oauth_[a-z_]+|consumer_key|consumer_secret)=[\"']?)[^\s&\"'<>]+"
    r"|(?P<user>://[^\s/:@]*:)[^\s/@]+(?=@)"
)
SHORTEST = 8  # characters; what is shorter may be any word, and is found by where it stands only

# Not the pictures that are named for screens of twice the resolution: boot@2x.png.
EMAIL = re.compile(
    r"(?<![\w.+%-])(?P<first>[\w+%-])[\w.+'%-]*"
    r"@(?P<host>(?![\w.-]*\.(?i:png|jpe?g|webp|avif|gif|svg|bmp|tiff?)(?![.-]?\w))[\w-]+(?:\.[\w-]+)+)"
)
# In any text, only what can hardly be anything else: with a country (+49 30 123456), with its area in brackets, apart
# from a whole number (030/1234567, 0176 12345678), as in (555) 123-4567. Articles and dates have other gaps.
PHONE = re.compile(
    r"(?<![\w.,+-])(?:"
    r"\+[1-9](?:[ ()/.-]{0,2}[0-9]){6,14}"
    r"|\(0[0-9]{1,5}\)[ /-]{0,3}[0-9](?:[ /-]?[0-9]){3,10}"
    r"|0[0-9]{1,5}(?:[ ]|[ ]?/[ ]?)[0-9]{6,10}"
    r"|(?:\([0-9]{3}\)[ ]?|[0-9]{3}[ -])[0-9]{3}-[0-9]{4}"
    r")(?![\w-])"
)
# In what is said of a person, any number that is long enough.
NUMBER = re.compile(r"(?<!//)(?<![0-9])(?<![0-9]\.)(?:[0-9](?:[ ()/.-]{0,2}[0-9]){7,}|[0-9](?:[ ()/-]{0,2}[0-9]){5,})")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}([./])[0-9]{1,2}\1[0-9]{4}")

_hidden: dict[str, str] = {}  # each secret in force, as it is and as a URL spells it


def hide(secret: str) -> None:
    """From now on this text is unreadable wherever it would be written."""
    for spelling in (secret, quote(secret, safe="")):
        if len(spelling) >= SHORTEST:
            _hidden[spelling] = "***"


def scrubbed(text: str) -> str:
    """The text with every secret in it made unreadable."""
    if not text:
        return text
    for secret in sorted(_hidden, key=len, reverse=True):
        text = text.replace(secret, _hidden[secret])
    return SECRETS.sub(lambda found: f"{found['key'] or found['parameter'] or found['user']}***", text)


def shortened(text: str) -> str:
    """The text with e-mail addresses as `j…@example.com` and telephone numbers as `+49…56`."""
    return PHONE.sub(_hint, without_addresses(text))


def without_addresses(text: str) -> str:
    """The text with e-mail addresses as `j…@example.com`, and whatever numbers it has."""
    return EMAIL.sub(lambda found: f"{found['first']}…@{found['host']}", text) if "@" in text else text


def of_a_person(text: str) -> str:
    """What is said of a person, with no number left that might be called: `017…67`. Dates stay."""
    return NUMBER.sub(lambda found: found[0] if DAY.fullmatch(found[0]) else _hint(found), shortened(text))


def discreet(text: str) -> str:
    """Fit for others: no secret, and nobody's whole address."""
    return shortened(scrubbed(text))


def _hint(found: re.Match[str]) -> str:
    return f"{found[0][:3]}…{found[0][-2:]}"
