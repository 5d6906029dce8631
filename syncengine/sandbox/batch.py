"""Batches: many creates, updates and deletes in one request, each for itself (FACTS-WOOCOMMERCE, 1 and 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from syncengine.sandbox.messages import ApiError, FatalError
from syncengine.sandbox.values import php_integer

LIMIT = 100
_VERBS = ("create", "update", "delete")


class Batched(Protocol):
    """What can be done in a batch; each raises ApiError to refuse its item, FatalError to break the whole request.

    Values come unvalidated.
    """

    def create_item(self, params: dict[str, Any]) -> dict[str, Any]: ...
    def update_item(self, item_id: int, params: dict[str, Any]) -> dict[str, Any]: ...
    def delete_item(self, item_id: int) -> dict[str, Any]: ...


def items_of(params: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The batch's lists in the order in which they are worked on; refuses more than 100 items before any is touched."""
    lists: dict[str, list[Any]] = {}
    for verb in _VERBS:
        given = params.get(verb)
        items = list(given.values()) if isinstance(given, dict) else given
        if isinstance(items, list) and items:
            lists[verb] = items
    if sum(map(len, lists.values())) > LIMIT:
        message = f"Unable to accept more than {LIMIT} items for this request."
        raise ApiError(413, "woocommerce_rest_request_entity_too_large", message)
    return lists


def first_half(lists: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """The items that are done when the connection breaks half-way."""
    left = sum(map(len, lists.values())) // 2
    kept: dict[str, list[Any]] = {}
    for verb, items in lists.items():
        kept[verb] = items[:left]
        left -= len(kept[verb])
    return kept


def done(lists: Mapping[str, list[Any]], deeds: Batched) -> Any:
    """Does every item in order; a refused one leaves its error in its place. Nothing to do is answered by `[]`."""
    answers: dict[str, list[Any]] = {}
    for verb, items in lists.items():
        for item in items:
            if verb == "delete":
                answers.setdefault(verb, []).extend(_deleted(item, deeds))
            elif isinstance(item, dict | list):
                answers.setdefault(verb, []).append(_saved(verb, item if isinstance(item, dict) else {}, deeds))
            else:
                raise FatalError  # PHP dies of a scalar
    return answers or []


def _saved(verb: str, item: dict[str, Any], deeds: Batched) -> dict[str, Any]:
    try:
        if verb == "create":
            return deeds.create_item(item)
        return deeds.update_item(php_integer(item.get("id")), item)
    except FatalError:
        raise
    except ApiError as error:
        return {"id": 0 if verb == "create" else item.get("id"), "error": error.body()}


def _deleted(item: Any, deeds: Batched) -> list[dict[str, Any]]:
    """Deletes for good; takes bare ids only, and passes over what is no number."""
    if isinstance(item, dict):
        item, item_id = {**item, "force": True}, 0
    else:
        item_id = php_integer(item)
        if not item_id:
            return []
        item = item_id
    try:
        return [deeds.delete_item(item_id)]
    except ApiError as error:
        return [{"id": item, "error": error.body()}]
