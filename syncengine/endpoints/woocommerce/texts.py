"""Free text, which the store keeps as HTML: whether it kept what was sent, though it writes it otherwise.

Variations are told with their lines made into paragraphs, as a page shows them (FACTS-WOOCOMMERCE, 6), and a bracket
that begins no tag becomes an entity. Nothing that a page shows differently is taken for the same: line breaks, words
and tags have to be where they were.
"""

from __future__ import annotations

import re

__all__ = ["alike"]

BREAK = re.compile(r"[ \t]*<br\s*/?>[ \t]*\n?", re.IGNORECASE)
PARAGRAPH = re.compile(r"\s*</?p>\s*", re.IGNORECASE)
BLOCKS = (
    "address blockquote caption dd div dl dt fieldset figure h[1-6] hr li ol p pre table tbody td tfoot th thead tr ul"
)
AROUND_BLOCK = re.compile(rf"\s*(</?(?:{'|'.join(BLOCKS.split())})\b[^<>]*>)\s*", re.IGNORECASE)
LINES = re.compile(r"[ \t]*\n[ \t]*(\n\s*)?")
TAG_OR_BRACKET = re.compile(r"<[^<>]+>|[<>]")
BRACKETS = {"<": "&lt;", ">": "&gt;"}


def alike(sent: str, told: str) -> bool:
    """Whether a page shows both in the same way."""
    return sent == told or _bare(sent) == _bare(told)


def _bare(text: str) -> str:
    """With its paragraphs and breaks as lines, and what is no tag without brackets."""
    escaped = TAG_OR_BRACKET.sub(lambda found: BRACKETS.get(found[0], found[0]), text.replace("\r\n", "\n"))
    lines = AROUND_BLOCK.sub(r"\1", PARAGRAPH.sub("\n\n", BREAK.sub("\n", escaped)))
    return LINES.sub(lambda found: "\n\n" if found[1] else "\n", lines).strip()
