"""Whether anything has arrived since the last reading: a file that was not there, or that was written again.

A file that the ERP has written again may have the same bytes: nothing has changed in the ERP then, which is news, too.
Its time is compared with what it was, never with a clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from syncengine.endpoints import Cursor
from syncengine.endpoints.csv.content import Content
from syncengine.endpoints.csv.resource import Resource
from syncengine.endpoints.csv.source import IN_PLACE

__all__ = ["is_news", "stamps"]


def is_news(resource: Resource, cursor: Cursor, contents: Sequence[Content]) -> bool | None:
    """Whether one of these files was not there when the cursor was made; who does not know what was there has no news.
    None where the file is the ERP's own data, which is always as it is now."""
    if resource.mapping.erp.write_to == IN_PLACE:
        return None
    before = cursor.position.get("stamps")
    return before is not None and any(before.get(content.name) != _stamp(content) for content in contents)


def stamps(resource: Resource, contents: Sequence[Content]) -> Mapping[str, Any]:
    """What a cursor has to know for that; nothing where nobody asks."""
    return {"stamps": {content.name: _stamp(content) for content in contents}} if resource.mapping.reserves else {}


def _stamp(content: Content) -> list[Any]:
    return [content.digest, content.signature[2]]
