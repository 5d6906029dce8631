"""The customers of a store. Each is a WordPress user: WooCommerce has the addresses, WordPress the role."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from syncengine.endpoints.woocommerce.judges import country, plain_text
from syncengine.endpoints.woocommerce.lists import Rows
from syncengine.endpoints.woocommerce.objects import MARK, Reader, Record
from syncengine.endpoints.woocommerce.plain import Judge, Plain
from syncengine.endpoints.woocommerce.remembered import Route, records_by_id
from syncengine.endpoints.woocommerce.schema import accepted
from syncengine.endpoints.woocommerce.sending import code_of
from syncengine.endpoints.woocommerce.users import HIGHEST, Users
from syncengine.findings import Finding, mistake, place
from syncengine.records import Change, Outcome
from syncengine.secret import Secret, revealed
from syncengine.store_paths.customer import CUSTOMER, INSIDE
from syncengine.values import Value, is_empty
from syncengine.written import known

__all__ = ["Customers", "judge_email"]

EMAILS = frozenset({"email", "billing.email"})
LONGEST_EMAIL = 100  # characters that WordPress keeps
LONGEST_TEXT = 10_000
LONGEST_PASSWORD = 4096  # WordPress takes no longer one
EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@"
    r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+"
)
# What a store answers to a create with an e-mail that has an account already (FACTS-WOOCOMMERCE, 2 and 15).
TAKEN = "woocommerce_rest_customer_invalid_email"  # of an update, where another user has the address, too
THERE_ALREADY = frozenset({"registration-error-email-exists", "existing_user_login", "existing_user_email"})
# Meta keys that WordPress goes by: with one of them anybody could become an administrator.
OWN_META = frozenset({MARK, "session_tokens", "nickname", "default_password_nag", *CUSTOMER.own_meta})
NO_DELETE = "an administrator of the shop: no run deletes one"
NO_CHANGE = "an administrator of the shop: no run takes that from one"
RIGHTS = ("capabilities", "user_level")  # behind whatever prefix the tables of a site have


class Customers(Plain):
    """The customers of one store, for one job."""

    # `role` is the store's default filter otherwise; orderby knows no date (FACTS-WOOCOMMERCE, 3)
    route = Route(
        "customers", {"role": "all"}, ("email", "role", "first_name", "last_name", "date_modified_gmt"), name="email"
    )
    looked_up: Mapping[str, str] = {"email": "email"}
    unique = ("email",)
    beyond = frozenset({"role"})
    own_meta = OWN_META

    def _begin(self) -> None:
        super()._begin()
        self._users = Users(self._connection, self._client, self._sleep)
        self._left_out: dict[str, str] = {}  # the roles of users whom the job does not read, by their addresses
        self.judges: Mapping[str, Judge] = {**JUDGES, "role": self._refusal_of_role}

    def special(self) -> Mapping[str, Reader]:
        return {
            "email": lambda one: _email(one.get("email")),
            "billing.email": lambda one: _email((one.get("billing") or {}).get("email")),
            "role": lambda one: one.get("role"),
            "password": lambda one: None,
        }

    def narrowed(self) -> Mapping[str, str]:
        roles = self._view.mapping.store.only.get("role", ())
        return {"role": roles[0]} if len(roles) == 1 else {}

    def refusal(self, path: str, value: Value) -> str:
        if path.startswith("meta:") and path.casefold().endswith(RIGHTS):
            return f"{path} says what a user may do: map role instead"
        if path == "email" and (role := self._left_out.get(_email(value))) is not None:
            return f"a user of the shop has it whose role is {role!r}, which `only` under [store] leaves out"
        return super().refusal(path, value)

    def normal(self, path: str, value: Value) -> Value:
        """One's own address in another case is refused, and means the same (FACTS-WOOCOMMERCE, 3)."""
        if path in EMAILS:
            return _email(value)
        return value if path == "password" else super().normal(path, value)

    def body(self, change: Change) -> Record:
        """`role` is WordPress's, and `username` never sent: the store makes one of the e-mail."""
        item = super().body(change)
        if (email := self.field_at(change, "email")) is not None:
            item["email"] = email.new
        elif change.action == "create":
            raise ValueError("a new customer needs an e-mail address")
        if (email := self.field_at(change, "billing.email")) is not None:
            item.setdefault("billing", {})["email"] = email.new or ""
        if change.action == "create" and (password := self.field_at(change, "password")) is not None:
            item["password"] = revealed(password.new)
        return item

    def partner(self, change: Change, code: str, error: Mapping[str, Any]) -> str | None:
        return self.namesake(change, "email")[0] if code in THERE_ALREADY else None

    def concerns(self) -> Iterator[Finding]:
        mapping, only = self._view.mapping, self._view.mapping.store.only.get("role", ())
        roles = accepted(self._client.options(self.route.path).body, "role") if only else []
        for word in only:
            if roles and word not in roles:
                yield mistake("store.only", f"{mapping.file}: the shop has no role {word!r}", known(word, roles))
        for field in mapping.by_path("store", "role"):
            if not field.goes_to("store"):
                continue
            yield from self._users.findings(f"fields.{field.name}", place(mapping, field))
            if only and (lost := [str(word) for word in field.words if word not in only]):
                message = f"{place(mapping, field)}: who gets the role {lost[0]!r} is not read any more, as if gone"
                yield mistake(
                    f"fields.{field.name}", message, f"write {lost[0]!r} to the roles of `only` under [store]"
                )

    def unfounded(self, changes: Sequence[Change]) -> dict[str, str]:
        """Customers who are to get the address of a user whom the job does not read: `unique` tells of the others.
        Raises Refused where a role is to be given, and the login may give none."""
        if any(self.field_at(change, "role") is not None for change in changes):
            self._users.prove()
        updates = ((one.id, self.field_at(one, "email")) for one in changes if one.action == "update")
        addresses = {change: _email(email.new) for change, email in updates if email is not None}
        if self._view.mapping.store.only:
            for _ in self._named("email", set(addresses.values())):
                pass  # who is left out is known then
        return {change: reason for change, one in addresses.items() if (reason := self.refusal("email", one))}

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        """The customers first; then the roles of those that are written, one by one, for WordPress has no batch."""
        outcomes = self._kept_back(changes)
        rest = [one for one in changes if id(one) not in outcomes and not self._concerns_role_only(one)]
        outcomes |= {id(one.change): one for one in super().send(rest)}
        lost = [one for one in outcomes.values() if one.status == "unknown" and self._gets_role(one.change)]
        if lost:
            self._sleep(self.settle)
            outcomes |= {id(one.change): self._looked_up(one) for one in lost}
        return [self._with_role(outcomes.get(id(one)) or Outcome(one, "done", one.record_id, {})) for one in changes]

    def _named(self, path: str, wanted: Collection[str]) -> Iterator[Rows]:
        """Users whom the job does not read are nobody's partner; nobody else can have their addresses, either."""
        only = self._view.mapping.store.only
        for found in super()._named(path, wanted):
            read = [one for one in found if all(str(self._objects.cell(at, one)) in only[at] for at in only)]
            self._left_out.update((_email(one.get("email")), str(one.get("role"))) for one in found if one not in read)
            yield read

    def _failed(self, change: Change, error: Mapping[str, Any]) -> Outcome:
        """An address that is taken is called invalid."""
        outcome = super()._failed(change, error)
        if change.action == "update" and code_of(error)[0] == TAKEN and self._has_another(change):
            return replace(outcome, error=f"{TAKEN}: another user of the shop has the address")
        return outcome

    def _has_another(self, change: Change) -> bool:
        """Whether somebody else has the address that a change gives a customer."""
        number, _ = self.namesake(change, "email")
        address = self.field_at(change, "email")
        left_out = address is not None and _email(address.new) in self._left_out
        return left_out or number not in (None, change.record_id)

    def _refusal_of_role(self, role: Value) -> str:
        if reason := self._users.refusal(role):
            return reason
        roles = self._roles
        return f"the shop has no role {role!r}; it has {', '.join(roles)}" if roles and role not in roles else ""

    @cached_property
    def _roles(self) -> Sequence[str]:
        """Those of the shop, with its plug-ins'; none where it does not tell."""
        words = accepted(self._client.options(self.route.path).body, "role")
        return [word for word in words if word not in ("all", HIGHEST)]

    def _kept_back(self, changes: Sequence[Change]) -> dict[int, Outcome]:
        """Administrators are not deleted, whatever the mapping says: nobody can take that back."""
        deletes = [one for one in changes if one.action == "delete"]
        ids = [one.record_id for one in deletes if one.record_id is not None]
        pages = records_by_id(self._client, self.route, ids, "id,role")
        highest = {str(one["id"]) for page in pages for one in page if one.get("role") == HIGHEST}
        return {
            id(one): Outcome(one, "failed", one.record_id, error=NO_DELETE)
            for one in deletes
            if one.record_id in highest
        }

    def _concerns_role_only(self, change: Change) -> bool:
        return change.action == "update" and all(self._objects.path_of(name)[0] == "role" for name in change.fields)

    def _gets_role(self, change: Change) -> bool:
        return change.action == "create" and self.field_at(change, "role") is not None

    def _looked_up(self, outcome: Outcome) -> Outcome:
        """A create without a reply: whoever gives the new customer a role must know that they are there."""
        number, cells = self.namesake(outcome.change, "email")
        return outcome if number is None else Outcome(outcome.change, "done", number, cells)

    def _with_role(self, outcome: Outcome) -> Outcome:
        """A role that is not given fails its change, and the next run tries it again: all else is there by then. An
        administrator's is left alone, so that nobody locks themselves out of their shop."""
        change, field = outcome.change, self.field_at(outcome.change, "role")
        if field is None or outcome.status != "done" or outcome.record_id is None:
            return outcome
        if field.old == HIGHEST:
            field.error = NO_CHANGE
            return outcome
        if (outcome.cells or {}).get("role") == field.new:
            return outcome
        if reason := self.refusal("role", field.new) or self._users.give(outcome.record_id, str(field.new)):
            return Outcome(change, "failed", outcome.record_id, error=f"role: {reason}")
        return replace(outcome, cells={**(outcome.cells or {}), "role": field.new})


def _email(address: object) -> str:
    """As addresses are compared: without spaces around, in small letters."""
    return str(address or "").strip().lower()


def judge_email(address: str) -> str:
    """A batch stores an empty address in the place of a bad one (FACTS-WOOCOMMERCE, 2)."""
    if len(address) > LONGEST_EMAIL or not EMAIL.fullmatch(address):
        return "not an e-mail address that the store takes"
    return ""


def _judge_own_email(address: Value) -> str:
    if is_empty(address):
        return "it cannot be empty: the store would lose the customer's address"
    return judge_email(_email(address))


def _judge_billing_email(address: Value) -> str:
    return "" if is_empty(address) else judge_email(_email(address))


def _judge_name(name: Value) -> str:
    """WordPress cleans the names of its users: it takes out what looks like a tag, and line breaks."""
    if isinstance(name, str) and ("<" in name or any(unicodedata.category(one) == "Cc" for one in name)):
        return f"a name with '<' or a control character, which the store changes: {name!r}"
    return _judge_text(name)


def _judge_text(text: Value) -> str:
    if (reason := plain_text(text)) or not isinstance(text, str):
        return reason
    if "\\" in text:
        return "it holds a backslash, which the store drops"
    return "" if len(text) <= LONGEST_TEXT else f"a text of more than {LONGEST_TEXT:,} characters"


def _judge_password(password: Value) -> str:
    if not isinstance(password, Secret):
        return "a password is sent for a new customer only"
    return "" if 0 < len(revealed(password)) <= LONGEST_PASSWORD else "not a password: too long"


JUDGES: Mapping[str, Judge] = {
    "email": _judge_own_email,
    "first_name": _judge_name,
    "last_name": _judge_name,
    "password": _judge_password,
    **{f"{part}.{name}": _judge_text for part, names in INSIDE.items() for name in names},
    "billing.country": country,
    "shipping.country": country,
    "billing.email": _judge_billing_email,
}
