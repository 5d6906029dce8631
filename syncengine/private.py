"""What is nobody else's business: secrets are made unreadable, people are only hinted at.

It stands between the program and everything that is written for others to read: logs, errors, tracebacks.
"""

from __future__ import annotations

import re
from urllib.parse import quote

__all__ = ["discreet", "hide", "scrubbed", "shortened"]

# What may stand in the message of some library's error: API keys, OAuth parameters, the password of a database.
SECRETS = re.compile(
    r"(?P<key>\b(?:ck|cs)_)[^\s&\"'<>]+"
    r"|(?P<parameter>\b(?:oauth_[a-z_]+|consumer_key|consumer_secret)=[\"']?)[^\s&\"'<>]+"
    r"|(?P<user>://[^\s/:@]*:)[^\s/@]+(?=@)"
)
SHORTEST = 8  # characters; what is shorter may be any word, and is found by where it stands only

EMAIL = re.compile(r"(?<![\w.+%-])(?P<first>[\w+%-])[\w.+'%-]*@(?P<host>[\w-]+(?:\.[\w-]+)+)")
# With a country (+49 30 123456), with its area apart (030/123456, 0176 1234567, (030) 123456), as in (555) 123-4567.
# Numbers of articles have hyphens, dates too: with those alone only three, three and four digits are taken for a phone.
PHONE = re.compile(
    r"(?<![\w.,+-])(?:"
    r"\+[1-9](?:[ ()/.-]{0,2}[0-9]){6,14}"
    r"|\(0[0-9]{1,5}\)[ /-]{0,3}[0-9](?:[ /-]?[0-9]){3,10}"
    r"|0[0-9]{1,5}[ ]?[ /][ ]?[0-9]{2}(?:[ /-]?[0-9]){2,9}"
    r"|(?:\([0-9]{3}\)[ ]?|[0-9]{3}[ -])[0-9]{3}-[0-9]{4}"
    r")(?![\w-])"
)
DAY = re.compile(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}")

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
    if "@" in text:
        text = EMAIL.sub(lambda found: f"{found['first']}…@{found['host']}", text)
    return PHONE.sub(_short_number, text)


def discreet(text: str) -> str:
    """Fit for others: no secret, and nobody's whole address."""
    return shortened(scrubbed(text))


def _short_number(found: re.Match[str]) -> str:
    return found[0] if DAY.fullmatch(found[0]) else f"{found[0][:3]}…{found[0][-2:]}"
