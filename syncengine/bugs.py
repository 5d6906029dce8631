"""Errors that nobody expected, told so that they help and give no secret away."""

from __future__ import annotations

import logging
import re

__all__ = ["ScrubbedFormatter", "scrubbed", "told"]

# What may stand in the message of some library's error: API keys, OAuth parameters, the password of a database.
SECRETS = re.compile(
    r"(?P<key>\b(?:ck|cs)_)[^\s&\"'<>]+"
    r"|(?P<parameter>\b(?:oauth_[a-z_]+|consumer_key|consumer_secret)=)[^\s&\"'<>]+"
    r"|(?P<user>://[^\s/:@]*:)[^\s/@]+(?=@)"
)


def scrubbed(text: str) -> str:
    """The text with every secret in it made unreadable."""
    return SECRETS.sub(lambda found: f"{found['key'] or found['parameter'] or found['user']}***", text)


def told(error: BaseException) -> str:
    """One line for whoever has to report it."""
    message = " ".join(scrubbed(str(error)).split())
    return f"this is a bug in syncengine, please report it: {type(error).__name__}: {message or 'no message'}"


class ScrubbedFormatter(logging.Formatter):
    """Log lines, tracebacks included, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        return scrubbed(super().format(record))
