"""The role of a user, of which WooCommerce takes no notice: WordPress gives it, to an application password.

A consumer key is nobody to `wp/v2` (FACTS-WOOCOMMERCE, 10 and 12), so this speaks with a login of its own.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from syncengine.endpoints.woocommerce.client import Client
from syncengine.errors import Refused
from syncengine.findings import Finding, mistake, note, obstacle, ok
from syncengine.settings import WooCommerceConnection
from syncengine.values import Value, is_empty

__all__ = ["HIGHEST", "NO_LOGIN", "Users"]

ROLE = re.compile(r"[a-z0-9_-]{1,60}")
TAG = re.compile(r"<[^>]*>")
TRIES = 4
HIGHEST = "administrator"
NO_LOGIN = (
    "WooCommerce's key cannot give a role: write wp_user and wp_application_password (WordPress > Users > Profile) "
    'for the connection, or to = "erp"'
)


class Users:
    """Gives roles, with the login of the connection where it has one."""

    def __init__(
        self, connection: WooCommerceConnection, client: Client, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._sleep = sleep
        self._login: httpx.Auth | None = None
        if connection.wp_user and connection.wp_application_password is not None:
            self._login = httpx.BasicAuth(connection.wp_user, connection.wp_application_password.get_secret_value())

    def refusal(self, role: Value) -> str:
        """Why nobody can be given this role, "" if they can."""
        if is_empty(role):
            return "a user without any role could not log in: write a default for it"
        if not isinstance(role, str) or not ROLE.fullmatch(role):
            return f"not the name of a role: {role!r} (small letters, digits, - and _)"
        if role == HIGHEST:
            return "no run makes anybody an administrator"
        return NO_LOGIN if self._login is None else ""

    def findings(self, what: str, where: str) -> Iterator[Finding]:
        """Whether the login is there, is known and may give roles; `what` is mapped to them, `where`."""
        if self._login is None:
            yield mistake(what, f"{where}: {NO_LOGIN.partition(':')[0]}", NO_LOGIN.partition(": ")[2])
            return
        try:
            response, body = self._client.ask("GET", "/wp-json/wp/v2/users/me", {"context": "edit"}, login=self._login)
        except httpx.TransportError as error:
            yield note(what, f"whether wp_user may give roles was not answered ({type(error).__name__})")
            return
        answer = _parsed(body)
        if response.status_code in (401, 403):
            code = self._client.shown(str(answer.get("code") or ""))
            instead = "write a user who exists and an application password of theirs (WordPress > Users > Profile)"
            yield obstacle(what, f"WordPress refuses wp_user ({response.status_code} {code})", instead)
        elif response.status_code != 200 or not isinstance(may := answer.get("capabilities"), dict):
            yield note(what, f"whether wp_user may give roles is not told ({response.status_code})")
        elif may.get("promote_users") or may.get(HIGHEST):
            yield ok(what, "wp_user may give roles")
        else:
            yield mistake(what, f"{where}: wp_user may not give roles", "it takes an administrator's login")

    def prove(self) -> None:
        """See that the login may give roles, before anybody is to get one. Raises Refused where WordPress says that it
        may not; where it does not say, giving a role will tell."""
        for finding in self.findings("role", "role"):
            if finding.level == "error":
                raise Refused(self._client.prefixed(f"{finding.message}: {finding.instead}"))

    def give(self, user: str, role: str) -> str:
        """Give a user this role and no other. Returns why that did not happen, "" if it did. To give a role twice does
        no harm, so it is sent again where no answer comes."""
        why = ""
        for number in range(TRIES):
            if number:
                self._sleep(2.0 ** (number - 1))
            try:
                response, body = self._client.ask(
                    "POST", f"/wp-json/wp/v2/users/{int(user)}", body={"roles": [role]}, login=self._login
                )
            except httpx.TransportError as error:
                why = f"WordPress did not answer ({type(error).__name__})"
                continue
            why = self._told(response.status_code, _parsed(body), role)
            if response.status_code not in (408, 429) and response.status_code < 500:
                return why
        return why

    def _told(self, status: int, answer: dict[str, Any], role: str) -> str:
        """What an answer of WordPress means for people, "" where the user has the role."""
        if status == 200 and role in (answer.get("roles") or ()):
            return ""
        code = self._client.shown(str(answer.get("code") or ""))
        if status in (401, 403):
            return f"WordPress does not let wp_user do this ({status} {code}): it takes an administrator's login"
        if not code:
            return f"WordPress answered {status}, and not that the user has the role"
        return f"{code}: {self._client.shown(TAG.sub('', str(answer.get('message') or '')))}"


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}
