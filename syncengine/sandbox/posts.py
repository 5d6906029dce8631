"""What WordPress does with any post, a product or a variation: its slug, its place on the calendar, the trash."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from syncengine.sandbox import values
from syncengine.sandbox.dates import written
from syncengine.sandbox.messages import ApiError
from syncengine.sandbox.site import Site
from syncengine.sandbox.store import Product

UTC_ZONE = ZoneInfo("UTC")
STATUSES = frozenset(("draft", "pending", "private", "publish", "future", "auto-draft", "trash", "inherit"))
_UNNAMED = frozenset(("draft", "pending", "auto-draft"))  # posts of these states have no slug until they are published
_TRASHED_SLUG = "__trashed"
_DESIRED_SLUG = "_wp_desired_post_slug"

Fields = dict[str, Any]


def created(params: Mapping[str, Any]) -> str | None:
    """The date of creation that a client gives; date_created is taken for GMT too (FACTS-WOOCOMMERCE, 9)."""
    given = params.get("date_created_gmt") or params.get("date_created")
    return written(values.php_text(given), UTC_ZONE) if given else None


def schedule(fields: Fields, born: str, now: str) -> None:
    """A post is scheduled by its date: published in the future is `future`, and the other way round."""
    if fields["status"] == "publish" and born > now:
        fields["status"] = "future"
    elif fields["status"] == "future" and born <= now:
        fields["status"] = "publish"


def give_slug(site: Site, post: Product, wanted: str = "") -> None:
    """A post without a slug gets the wanted one or one from its name, with a number if it is taken."""
    fields = post.fields
    if not fields["slug"] and (wanted or fields["status"] not in _UNNAMED):
        base = wanted or values.slug(fields["name"]) or str(post.id)
        fields["slug"] = site.store.free_slug(base, post.id)


def generated_slug(site: Site, post: Product) -> str:
    """The slug that its name would give it now."""
    base = values.slug(post.fields.get("name", "")) or str(post.id)
    own = post.fields.get("slug", "")
    if own == base or re.fullmatch(re.escape(base) + r"-\d+", own):
        return unquote(own)
    return unquote(site.store.free_slug(base, post.id))


def move_slug(site: Site, post: Product, was: str) -> None:
    """Moves the slug out of the way of others when a post goes to the trash, and back when it leaves it."""
    fields = post.fields
    now = fields["status"]
    slug = fields["slug"]
    if now == "trash" and was != "trash":
        fields["slug"] = (slug or values.slug(fields["name"])) + _TRASHED_SLUG
        fields["meta"] = [*fields["meta"], [site.store.next_id("meta"), _DESIRED_SLUG, slug]]
    elif was == "trash" and now != "trash":
        desired = next((row[2] for row in fields["meta"] if row[1] == _DESIRED_SLUG), "")
        fields["meta"] = [row for row in fields["meta"] if row[1] != _DESIRED_SLUG]
        fields["slug"] = site.store.free_slug(desired, post.id) if desired else ""


def throw_away(site: Site, post: Product, what: str) -> None:
    """Puts a post into the trash the way a DELETE without force does: with a note of what it was.

    `what` is the word for it in the refusal of a post that is in the trash already.
    """
    fields = post.fields
    was = fields["status"]
    if was == "trash":
        raise ApiError(410, "woocommerce_rest_already_trashed", f"The {what} has already been deleted.")
    seconds = str(int(site.clock().timestamp()))
    notes = [("_wp_trash_meta_status", was), ("_wp_trash_meta_time", seconds)]
    rows = [[site.store.next_id("meta"), key, value] for key, value in notes]
    fields.update(status="trash", meta=[*fields["meta"], *rows])
    post.modified = site.now()
    move_slug(site, post, was)
