"""/wp/v2/users: who WooCommerce calls customers, as WordPress knows them, for who is logged in (FACTS-WOOCOMMERCE, 12).

WordPress tells a user's role and gives it, which WooCommerce does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from syncengine.sandbox import filters, values
from syncengine.sandbox.call import Call
from syncengine.sandbox.customers.saving import ROLES, holder, new, remove
from syncengine.sandbox.customers.shown import avatar
from syncengine.sandbox.filters import Where
from syncengine.sandbox.messages import ApiError, BareError, Response, no_route
from syncengine.sandbox.parameters import PAGING
from syncengine.sandbox.schema import EMAIL, TEXT, TEXTS, WHOLE, Kind, checked, choice, defaults
from syncengine.sandbox.site import Site
from syncengine.sandbox.tables import Record

ROUTE = "/wp/v2/users"
_ROUTES = re.compile(rf"{ROUTE}(?:/(?P<id>\d+|me))?")
_WHOLE, _ONE = "GET, POST", "GET, POST, PUT, PATCH, DELETE"
_MANAGER = "administrator"
_SIZES = (24, 48, 96)
_CONTEXT: Mapping[str, Kind] = {"context": choice("view", "embed", "edit", default="view")}
_LIST: Mapping[str, Kind] = {**PAGING, **_CONTEXT, "roles": TEXTS}
_USER: Mapping[str, Kind] = {
    "username": TEXT, "email": EMAIL, "first_name": TEXT, "last_name": TEXT, "roles": TEXTS, "password": TEXT,
}  # fmt: skip
_DELETE: Mapping[str, Kind] = {"force": Kind(("boolean",), default=False), "reassign": WHOLE}

Shown = dict[str, Any]


def unknown_login(site: Site, name: str) -> ApiError:
    """What WordPress says to a user and password that are none of its."""
    if holder(site, "login", name):
        return ApiError(401, "incorrect_password", "The provided password is an invalid application password.")
    message = "<strong>Error:</strong> Unknown username. Check again or try your email address."
    return ApiError(401, "invalid_username", message)


def answer(call: Call, login: str | None) -> Response:
    """The reply to a request below /wp/v2/users of the user who is logged in; raises ApiError for a refusal."""
    at = _ROUTES.fullmatch(call.route)
    methods = _ONE if at and at["id"] else _WHOLE
    if at is None or call.method not in methods.split(", "):
        raise no_route()
    with call.site.store.work():
        actor = holder(call.site, "login", login) if login else None
        if at["id"] == "me" and actor is None:
            raise ApiError(401, "rest_not_logged_in", "You are not currently logged in.")
        user_id = actor.id if actor and at["id"] == "me" else values.php_integer(at["id"] or "")
        try:
            response = _one(call, actor, user_id) if at["id"] else _whole(call, actor)
        except ApiError as error:
            if error.status in (401, 403):
                raise
            response = Response.json(error.status, error.body())
    headers = () if call.method == "DELETE" and response.status == 200 else (("Allow", methods),)
    return Response(response.status, response.body, (*response.headers, *headers))


def _need_manager(actor: Record | None, code: str, message: str) -> None:
    if actor is None or _MANAGER not in actor.fields["roles"]:
        raise ApiError(401 if actor is None else 403, code, message)


def _whole(call: Call, actor: Record | None) -> Response:
    if call.method == "GET":
        query = {**defaults(_LIST), **checked(call.query, _LIST)}
        _need_manager(actor, "rest_user_cannot_view", "Sorry, you are not allowed to list users.")
        return _listed(call, query)
    params = checked(call.params(), _USER)
    if missing := [name for name in ("username", "email", "password") if params.get(name) is None]:
        message = f"Missing parameter(s): {', '.join(missing)}"
        raise ApiError(400, "rest_missing_callback_param", message, params=missing)
    _need_manager(actor, "rest_cannot_create_user", "Sorry, you are not allowed to create new users.")
    made = create(call.site, params)
    address = call.site.address(call.home, f"{ROUTE}/{made.id}")
    return Response.json(201, call.cut(shown(call, made)), (("Location", address),))


def _listed(call: Call, query: Mapping[str, Any]) -> Response:
    where = Where()
    filters.named(where, query)
    if roles := query.get("roles"):
        where.add(f"({' OR '.join(['instr(roles, ?)'] * len(roles))})", *(f" {role} " for role in roles))
    if query.get("search"):
        where.contains("words", query["search"].strip("*"))
    users, total = filters.page(call.site.store.customers, where, "login", query)
    told = [shown(call, user, edit=query["context"] == "edit") for user in users]
    headers = (("X-WP-Total", str(total)), ("X-WP-TotalPages", str(-(-total // query["per_page"]))))
    return Response.json(200, call.cut(told), headers)


def _one(call: Call, actor: Record | None, user_id: int) -> Response:
    user = call.site.store.customers.get(user_id)
    if user is None:
        raise ApiError(404, "rest_user_invalid_id", "Invalid user ID.")
    if call.method == "GET":
        edit = checked(call.query, _CONTEXT).get("context") == "edit"
        if actor is None or actor.id != user.id:
            _need_manager(actor, "rest_user_cannot_view", "Sorry, you are not allowed to list users.")
        return Response.json(200, call.cut(shown(call, user, edit=edit)))
    if call.method == "DELETE":
        return _deleted(call, actor, user)
    params = checked(call.params(), _USER)
    if params.get("roles"):
        message = "Sorry, you are not allowed to edit roles of this user."
        _need_manager(actor, "rest_cannot_edit_roles", message)
    _need_manager(actor, "rest_cannot_edit", "Sorry, you are not allowed to edit this user.")
    _update(call.site, user, params)
    return Response.json(200, call.cut(shown(call, user)))


def _deleted(call: Call, actor: Record | None, user: Record) -> Response:
    params = {**defaults(_DELETE), **checked(call.params(), _DELETE)}
    if "reassign" not in params:
        message = "Missing parameter(s): reassign"
        raise ApiError(400, "rest_missing_callback_param", message, params=["reassign"])
    _need_manager(actor, "rest_user_cannot_delete", "Sorry, you are not allowed to delete this user.")
    if not params["force"]:
        message = "Users do not support trashing. Set 'force=true' to delete."
        raise ApiError(501, "rest_trash_not_supported", message)
    remove(call.site, user)
    return Response.json(200, {"deleted": True, "previous": shown(call, user)})


def create(site: Site, params: Mapping[str, Any]) -> Record:
    """A new user, whom WooCommerce has never saved: without a date of modification.

    Raises ApiError, and saves nothing, for a name or address that is taken, or a role that is none.
    """
    username, email = values.php_text(params["username"]), values.php_text(params["email"])
    roles = _roles(params)
    if holder(site, "login", username):
        raise BareError(500, "existing_user_login", "Sorry, that username already exists!")
    if holder(site, "email", email):
        raise BareError(500, "existing_user_email", "Sorry, that email address is already used!")
    user = Record(site.store.next_id("user"), site.now(), "", new(username, email, roles or ["subscriber"]))
    _set_names(user, params)
    site.store.customers.put(user)
    return user


def _update(site: Site, user: Record, params: Mapping[str, Any]) -> None:
    """Sets what is sent and saves, which moves the date of the customer too."""
    email, username = params.get("email"), params.get("username")
    owner = holder(site, "email", email) if email else None
    if owner and owner.id != user.id:
        raise ApiError(400, "rest_user_invalid_email", "Invalid email address.")
    if username and username != user.fields["username"]:
        raise ApiError(400, "rest_user_invalid_argument", "Username is not editable.")
    roles = _roles(params)
    if roles is not None:
        user.fields["roles"] = roles
    if email:
        user.fields["email"] = email
    _set_names(user, params)
    user.modified = site.now()
    site.store.customers.put(user)


def _roles(params: Mapping[str, Any]) -> list[str] | None:
    roles: list[str] | None = params.get("roles")
    for role in roles or ():
        if role not in ROLES:
            raise ApiError(400, "rest_user_invalid_role", f"The role {role} does not exist.")
    return roles


def _set_names(user: Record, params: Mapping[str, Any]) -> None:
    for name in ("first_name", "last_name"):
        if params.get(name) is not None:
            user.fields[name] = values.one_line(params[name])


def shown(call: Call, user: Record, *, edit: bool = True) -> Shown:
    """A user as WordPress shows them; what nobody but a manager may see is told with `edit` only."""
    fields = user.fields
    slug = values.slug(fields["username"])
    told: Shown = {
        "id": user.id,
        "username": fields["username"],
        "name": fields["username"],
        "first_name": fields["first_name"],
        "last_name": fields["last_name"],
        "email": fields["email"],
        "url": "",
        "description": "",
        "link": f"{call.home}/author/{slug}/",
        "locale": "en_US",
        "nickname": fields["username"],
        "slug": slug,
        "roles": fields["roles"],
        "registered_date": f"{user.created}+00:00",
        "capabilities": dict.fromkeys(fields["roles"], True),
        "extra_capabilities": dict.fromkeys(fields["roles"], True),
        "avatar_urls": {str(size): avatar(fields["email"], size) for size in _SIZES},
        "meta": {"persisted_preferences": []} if edit else [],
        "is_super_admin": _MANAGER in fields["roles"],
    }
    public = ("id", "name", "url", "description", "link", "slug", "avatar_urls", "meta", "is_super_admin")
    return told if edit else {name: told[name] for name in public}
