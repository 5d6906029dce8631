"""The media library: pictures that products and variations show (FACTS-WOOCOMMERCE, 2 and 6).

Nothing is ever fetched. A URL counts as downloadable by the look of it, and what is served in its place is one pixel.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from syncengine.sandbox import values
from syncengine.sandbox.messages import ApiError
from syncengine.sandbox.site import FIRST_PRODUCT, Site
from syncengine.sandbox.store import Attachment

UPLOADS = "/wp-content/uploads"
ENDINGS = {"jpg": "jpeg", "jpeg": "jpeg", "png": "png", "gif": "gif", "webp": "webp"}
NOWHERE = "missing.example"  # the host that has nothing
_PORTS = (None, 80, 443, 8080)  # those that WordPress fetches from (FACTS-WOOCOMMERCE, 11)
_LONGEST_NAME = 100
_NOT_FILE_NAME = re.compile(r"[^\w.\-]+")

Owner = Literal["product", "variation"]
Shown = dict[str, Any]


def gallery(site: Site, given: Any) -> list[int]:
    """The attachments of a product's `images`, the featured one first; raises ApiError for one that cannot be had.

    Anything but a list empties. Pictures before the one that is refused were uploaded and stay.
    """
    entries = given if isinstance(given, list) else []
    return [attached(site, entry, "product") for entry in entries if entry]


def attached(site: Site, given: Any, owner: Owner) -> int:
    """The attachment that an entry names by id; one by `src` is uploaded again, however often it was before.

    `owner` is what the codes of its refusals name.
    """
    entry: Mapping[str, Any] = given if isinstance(given, dict) else {}
    attachment_id = values.php_integer(entry.get("id"))
    if attachment_id:
        attachment = site.store.attachment(attachment_id)
    else:
        attachment = _uploaded(site, entry["src"], owner) if entry.get("src") is not None else None
    if attachment is None:
        message = f"#{attachment_id} is an invalid image ID."
        raise ApiError(400, f"woocommerce_{owner}_invalid_image_id", message)
    if entry.get("alt"):
        attachment.alt = values.one_line(entry["alt"])
    if entry.get("name"):
        attachment.title = values.title(entry["name"])
        attachment.modified = site.now()
    site.store.put_attachment(attachment)
    return attachment.id


def _uploaded(site: Site, given: Any, owner: Owner) -> Attachment:
    url = values.php_text(given)
    if trouble := _trouble(url):
        message = f"Error getting remote image {url}. Error: {trouble}"
        raise ApiError(400, f"woocommerce_{owner}_image_upload_error", message)
    stem, _, ending = unquote(urlsplit(url).path.rpartition("/")[2]).rpartition(".")
    name = f"{_NOT_FILE_NAME.sub('-', stem).strip('-.')[:_LONGEST_NAME] or 'image'}.{ending}"
    file = site.store.free_file(f"{site.clock().astimezone(site.zone):%Y/%m}", name)
    now = site.now()
    return Attachment(site.store.next_id("post", FIRST_PRODUCT), now, now, file, file.rpartition("/")[2])


def _trouble(url: str) -> str:
    """Why a picture cannot be had from there; empty if it can."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "A valid URL was not provided."
    if parts.scheme not in ("http", "https") or not parts.hostname or port not in _PORTS:
        return "A valid URL was not provided."
    if parts.hostname == NOWHERE:
        return f"cURL error 6: Could not resolve host: {NOWHERE}"
    if parts.path.rpartition(".")[2].lower() not in ENDINGS or not parts.path.rpartition("/")[2].rpartition(".")[0]:
        return "Sorry, you are not allowed to upload this file type."
    return ""


# -- as they are shown


def shown(site: Site, attachment_id: int, home: str) -> Shown | None:
    """A picture as a variation shows it; None if it is not in the library.

    Its local dates are a whole time zone too late: the offset is added twice (FACTS-WOOCOMMERCE, 6; q06b_collections).
    """
    attachment = site.store.attachment(attachment_id)
    if attachment is None:
        return None
    return {
        "id": attachment.id,
        "date_created": site.local(site.local(attachment.created)),
        "date_created_gmt": attachment.created,
        "date_modified": site.local(site.local(attachment.modified)),
        "date_modified_gmt": attachment.modified,
        "src": f"{home}{UPLOADS}/{attachment.file}",
        "name": attachment.title,
        "alt": attachment.alt,
    }


def shown_gallery(site: Site, attachment_ids: list[int], home: str) -> list[Shown]:
    """Pictures as a product shows them, with what a page would need to draw them."""
    found = (shown(site, each, home) for each in attachment_ids)
    drawn = {"srcset": "", "sizes": "(max-width: 1px) 100vw, 1px"}
    return [{**picture, **drawn, "thumbnail": picture["src"]} for picture in found if picture]


def listed(site: Site, home: str, page: int, per_page: int) -> tuple[list[Shown], int]:
    """A page of wp/v2/media, newest first, and how many there are in all."""
    found = site.store.attachments(per_page, (page - 1) * per_page)
    return [_of_wordpress(site, attachment, home) for attachment in found], site.store.count_attachments()


def _of_wordpress(site: Site, attachment: Attachment, home: str) -> Shown:
    name = attachment.file.rpartition("/")[2]
    return {
        "id": attachment.id,
        "date": site.local(attachment.created),
        "date_gmt": attachment.created,
        "modified": site.local(attachment.modified),
        "modified_gmt": attachment.modified,
        "slug": values.slug(name),
        "status": "inherit",
        "type": "attachment",
        "title": {"rendered": attachment.title},
        "alt_text": attachment.alt,
        "media_type": "image",
        "mime_type": f"image/{ENDINGS[name.rpartition('.')[2].lower()]}",
        "source_url": f"{home}{UPLOADS}/{attachment.file}",
    }


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PIXEL = b"\x89PNG\r\n\x1a\n" + b"".join(
    (
        _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        _chunk(b"IDAT", zlib.compress(b"\x00\xff")),
        _chunk(b"IEND", b""),
    )
)
