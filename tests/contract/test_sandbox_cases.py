"""Holds the sandbox to what a real WooCommerce 10.2 answered.

The cases are data (`data/`), each taken from a recorded exchange; `facts` names its section in the project's list of
measured facts. They talk to a store through nothing but HTTP, so they can be replayed against a real one:
CONTRACT_URL, CONTRACT_KEY and CONTRACT_SECRET name it (HTTPS, a shop to throw away), and CONTRACT_PICTURES an address
that answers any name below it with a picture of one pixel.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from syncengine.sandbox import Sandbox

DATA = Path(__file__).parent / "data"
SCENARIOS = [
    (path.stem, scenario)
    for path in sorted(DATA.glob("*.json"))
    if not path.stem.endswith(".schema")
    for scenario in json.loads(path.read_text("utf-8"))
]
FULL = {
    "name": "V", "description": "desc", "regular_price": "10.00", "sale_price": "8.00",
    "date_on_sale_from": "2026-01-01T00:00:00", "date_on_sale_to": "2090-01-01T00:00:00", "manage_stock": True,
    "stock_quantity": 5, "backorders": "notify", "low_stock_amount": 2, "weight": "1.5",
    "dimensions": {"length": "1", "width": "2", "height": "3"},
}  # fmt: skip
META = {"key": "k", "value": "v"}


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]


@dataclass
class Store:
    """A store under test: a client, its clock and a way to let it run, the offset of its time zone, its home."""

    client: httpx.Client
    clock: Callable[[], datetime]
    wait: Callable[[float], None]
    offset: str
    home: str


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    url = os.environ.get("CONTRACT_URL")
    if url:
        keys = (os.environ["CONTRACT_KEY"], os.environ["CONTRACT_SECRET"])
        with httpx.Client(base_url=f"{url}/wp-json/wc/v3", auth=keys, timeout=60, verify=False) as client:
            index = client.get(f"{url}/wp-json/", auth=None).json()
            hours = index["gmt_offset"]
            yield Store(client, lambda: datetime.now(UTC), time.sleep, f"{hours:+03}:00", index["home"])
        return
    clock = Clock()
    with Sandbox(clock=clock) as sandbox:
        auth = ("ck_sandbox", "cs_sandbox")
        with httpx.Client(
            transport=sandbox.transport(), base_url="https://shop.test/wp-json/wc/v3", auth=auth
        ) as client:
            yield Store(client, clock, clock.wait, "+02:00", "https://shop.test")


class Script:
    """Runs a scenario: fills {names} in, sends, compares, remembers what later steps ask for."""

    def __init__(self, store: Store) -> None:
        run = "r" + uuid.uuid4().hex[:9]
        self.store = store
        self.known: dict[str, Any] = {
            "run": run,
            "digits": str(uuid.uuid4().int)[:11],
            "offset": store.offset,
            "home": store.home,
            "legacy": str(store.client.base_url.copy_with(path="/wc-api/v3")),
            "uploads": f"{store.home}/wp-content/uploads/{store.clock():%Y/%m}",
            "picture": f"{os.environ.get('CONTRACT_PICTURES', 'https://pictures.example')}/{run}.png",
            "long": "long-sku-value," * 600,
            "x300": "x" * 290,
            "x100run": run + "x" * 90,
        }

    def filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        if not isinstance(value, str):
            return value
        if value[1:-1] in self.known and value[0] == "{" and value[-1] == "}":
            return self.known[value[1:-1]]
        for name, known in self.known.items():
            value = value.replace("{" + name + "}", str(known)).replace("{" + name + ":text}", str(known))
        return value

    def step(self, step: dict[str, Any]) -> None:
        if "wait" in step:
            self.store.wait(step["wait"])
            return
        method, path = self.filled(step["call"]).split(" ")
        sent: dict[str, Any] = {"params": self.filled(step.get("params")), "headers": step.get("send", {})}
        if "raw" in step:
            sent |= {"content": step["raw"], "headers": {"Content-Type": "application/json"}}
        elif "body" in step:
            sent["json"] = self.filled(step["body"])
        answer = self.store.client.request(method, path, **sent)
        assert answer.status_code == step.get("status", 200), answer.text
        body = answer.json() if answer.content and "json" in answer.headers["Content-Type"] else None
        if later := step.get("later"):
            assert reached(body, later[0]) > self.known[later[1]]
        for name, dotted in step.get("save", {}).items():
            self.known[name] = reached(body, dotted)
        self.compare(step, answer, body)

    def compare(self, step: dict[str, Any], answer: httpx.Response, body: Any) -> None:
        if "code" in step:
            assert body["code"] == step["code"], body
            assert body["data"]["status"] == answer.status_code
        if "json" in step:
            assert_within(self.filled(step["json"]), body)
        if "exactly" in step:
            assert body == self.filled(step["exactly"])
        if "keys" in step:
            assert list(body) == step["keys"]
        if "absent" in step:
            *parents, last = step["absent"].split(".")
            assert last not in (reached(body, ".".join(parents)) if parents else body)
        for name, value in step.get("headers", {}).items():
            assert answer.headers[name] == value
        assert all(name in answer.headers for name in step.get("has_headers", ()))
        assert not any(name in answer.headers for name in step.get("no_headers", ()))
        if "link" in step:
            assert sorted(answer.links) == sorted(step["link"])


def reached(value: Any, dotted: str) -> Any:
    for part in dotted.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def assert_within(wanted: Any, got: Any, at: str = "") -> None:
    """Objects may have more than is wanted, lists may not."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for key, value in wanted.items():
            assert key in got, f"{at}.{key} is missing in {got}"
            assert_within(value, got[key], f"{at}.{key}")
    elif isinstance(wanted, list) and isinstance(got, list):
        assert len(wanted) == len(got), f"{at}: {got}"
        for index, (one, other) in enumerate(zip(wanted, got, strict=True)):
            assert_within(one, other, f"{at}[{index}]")
    else:
        assert wanted == got, f"{at}: wanted {wanted!r}, got {got!r}"


@pytest.mark.parametrize("scenario", [each for _, each in SCENARIOS], ids=[f"{f}: {s['title']}" for f, s in SCENARIOS])
def test_the_store_does_as_recorded(store: Store, scenario: dict[str, Any]) -> None:
    script = Script(store)
    for step in scenario["steps"]:
        script.step(step)


VALUES = lines("values.jsonl")


@pytest.mark.parametrize("case", VALUES, ids=[f"{case['field']} {case['given']!r:.40}" for case in VALUES])
def test_a_value_is_kept_or_refused_as_recorded(store: Store, case: dict[str, Any]) -> None:
    script = Script(store)
    field, given = case["field"], script.filled(case["given"])
    for way in ("single", "batch"):
        product = {"name": "value", **case.get("with", {}), field: given}
        wanted = script.filled(case[way])
        if way == "single":
            answer = store.client.post("/products", json=product)
            got = answer.json()
            if wanted == 400:
                assert (answer.status_code, got["code"]) == (400, "rest_invalid_param")
                assert list(got["data"]["params"]) == [field]
                continue
            assert answer.status_code == 201, got
        else:
            got = store.client.post("/products/batch", json={"create": [product]}).json()["create"][0]
        if isinstance(wanted, dict) and "error" in wanted:
            assert (got["id"], got["error"]["code"]) == (0, wanted["error"])
            continue
        assert got[field] == wanted, way
        assert_within(case.get("also", {}), got)
        if field == "sku" and wanted:
            store.client.delete(f"/products/{got['id']}", params={"force": "true"})


CLEARING = lines("clearing.jsonl")


@pytest.mark.parametrize("way", ["single", "batch"])
@pytest.mark.parametrize("case", CLEARING, ids=[json.dumps(case["given"]) for case in CLEARING])
def test_null_and_empty_clear_or_are_ignored_as_recorded(store: Store, case: dict[str, Any], way: str) -> None:
    sku = Script(store).known["run"]
    before = store.client.post("/products", json={**FULL, "sku": sku}).json()
    if way == "single":
        answer = store.client.put(f"/products/{before['id']}", json=case["given"])
        got = answer.json()
        if case["single"] == 400:
            assert (answer.status_code, got["code"]) == (400, "rest_invalid_param")
            return
    else:
        got = store.client.post("/products/batch", json={"update": [{"id": before["id"], **case["given"]}]}).json()
        got = got["update"][0]
    moving = {"date_modified", "date_modified_gmt", "price_html", "generated_slug", "date_on_sale_from_gmt"}
    moving |= {"date_on_sale_to", "date_on_sale_to_gmt"} if "date_on_sale_to" in case["given"] else set()
    changed = {name: value for name, value in got.items() if before[name] != value and name not in moving}
    assert changed == {name: value for name, value in case[way].items() if before[name] != value}


def test_a_batch_of_101_is_refused_whole_with_413(store: Store) -> None:
    run = Script(store).known["run"]
    batches: list[dict[str, Any]] = [
        {"create": [{"name": "x", "sku": f"{run}-{number}"} for number in range(101)]},
        {
            "create": [{"name": "x", "sku": f"{run}-{number}"} for number in range(40)],
            "update": [{"id": 99999999}] * 40,
            "delete": [99999999] * 21,
        },
    ]
    for batch in batches:
        answer = store.client.post("/products/batch", json=batch)
        assert answer.status_code == 413
        assert answer.json() == {
            "code": "woocommerce_rest_request_entity_too_large",
            "message": "Unable to accept more than 100 items for this request.",
            "data": {"status": 413},
        }
    assert store.client.get("/products", params={"search_sku": run}).json() == []


def test_a_batch_of_exactly_100_is_done(store: Store) -> None:
    run = Script(store).known["run"]
    batch = {
        "create": [{"name": "x", "sku": f"{run}-{number}"} for number in range(40)],
        "update": [{"id": 99999999}] * 40,
        "delete": [99999999] * 20,
    }
    answer = store.client.post("/products/batch", json=batch)
    assert answer.status_code == 200
    assert [len(items) for items in answer.json().values()] == [40, 40, 20]
    assert answer.json()["create"][39]["sku"] == f"{run}-39"


@pytest.mark.parametrize("path", ["/products", "/customers"])
def test_500_included_ids_are_accepted_a_hundred_a_page(store: Store, path: str) -> None:
    answer = store.client.get(path, params={"include": ",".join(map(str, range(1, 501))), "per_page": 100})
    assert answer.status_code == 200


def test_a_description_is_rendered_by_a_get_and_raw_in_a_writes_reply(store: Store) -> None:
    made = store.client.post("/products", json={"name": "d", "description": "one\n\ntwo"}).json()
    assert made["description"] == "one\n\ntwo"
    assert store.client.get(f"/products/{made['id']}").json()["description"] == "<p>one</p>\n<p>two</p>\n"
    edited = store.client.get(f"/products/{made['id']}", params={"context": "edit"}).json()
    assert edited["description"] == "one\n\ntwo"


def assert_shaped(value: Any, shape: Any, at: str) -> None:
    kinds = {"integer": int, "string": str, "boolean": bool, "array": list, "anything": object, "null": type(None)}
    if isinstance(shape, str):
        types = tuple(kinds[kind] for kind in shape.split(" or "))
        assert isinstance(value, types), f"{at} is {value!r}"
        assert not (isinstance(value, bool) and bool not in types and object not in types), at
    elif isinstance(shape, dict):
        assert set(value) == set(shape), at
        for name, inner in shape.items():
            assert_shaped(value[name], inner, f"{at}.{name}")
    elif isinstance(shape[0], list):
        for item in value:
            assert_shaped(item, shape[0][0], at)
    else:
        assert value in shape, f"{at} is {value!r}"


def test_a_product_has_the_keys_and_types_of_a_real_one(store: Store) -> None:
    shape = json.loads((DATA / "product.schema.json").read_text("utf-8"))
    run = Script(store).known["run"]
    tag, attribute = {"name": f"tag {run}"}, {"name": "Size", "options": ["S"]}
    plain = store.client.post("/products", json={"name": "plain"}).json()
    full = {**FULL, "sku": run, "tags": [tag], "attributes": [attribute], "meta_data": [{"key": "k", "value": "v"}]}
    for made in (plain, store.client.post("/products", json=full).json()):
        assert_shaped(made, {**shape["always"], **shape["in replies to writes"]}, "product")
        seen = store.client.get(f"/products/{made['id']}").json()
        assert_shaped(seen, shape["always"], "product")
        assert list(seen) == list(shape["always"]), "the keys come in the store's order"


def test_a_variation_has_the_keys_and_types_of_a_real_one(store: Store) -> None:
    shape = json.loads((DATA / "variation.schema.json").read_text("utf-8"))["always"]
    sizes = {"name": "Size", "options": ["S"], "variation": True}
    above = store.client.post("/products", json={"name": "v", "type": "variable", "attributes": [sizes]}).json()
    place = f"/products/{above['id']}/variations"
    plain = store.client.post(place, json={}).json()
    option = {"attributes": [{"name": "Size", "option": "S"}], "meta_data": [{"key": "k", "value": "v"}]}
    for made in (plain, store.client.post(place, json={**FULL, **option}).json()):
        seen = store.client.get(f"{place}/{made['id']}").json()
        for variation in (made, seen):
            assert_shaped(variation, shape, "variation")
            assert list(variation) == list(shape), "the keys come in the store's order"


RECORDS = json.loads((DATA / "records.schema.json").read_text("utf-8"))


def assert_like_a_real_one(got: dict[str, Any], kind: str) -> None:
    assert_shaped(got, RECORDS[kind], kind)
    assert list(got) == list(RECORDS[kind]), "the keys come in the store's order"


def test_an_order_its_notes_and_refunds_have_the_keys_and_types_of_real_ones(store: Store) -> None:
    product = store.client.post("/products", json={"name": "p", "regular_price": "3", "manage_stock": True}).json()
    full = {
        "set_paid": True,
        "billing": {"email": "a@example.test"},
        "line_items": [
            {"product_id": product["id"], "quantity": 7, "total": "9.99", "meta_data": [META]},
            {"sku": "-"},
        ],
        "shipping_lines": [{"method_id": "flat_rate", "total": "4.90"}],
        "fee_lines": [{"name": "Fee", "total": "-1"}],
        "meta_data": [META],
    }
    for body in ({}, full):
        made = store.client.post("/orders", json=body).json()
        assert_like_a_real_one(made, "order")
    place = f"/orders/{made['id']}"
    note = store.client.post(f"{place}/notes", json={"note": "n"})
    assert note.headers["Location"] == f"{store.home}/wp-json/wc/v3{place}/notes/{note.json()['id']}"
    for seen in (note.json(), *store.client.get(f"{place}/notes").json()):
        assert_like_a_real_one(seen, "note")
    lines = [{"id": made["line_items"][0]["id"], "quantity": 1, "refund_total": 1.25}]
    refund = store.client.post(f"{place}/refunds", json={"api_refund": False, "line_items": lines})
    unfilled = r"/wp-json/wc/v3/orders/(?P<order_id>[\d]+)/refunds/"
    assert refund.headers["Location"] == f"{store.home}{unfilled}{refund.json()['id']}"
    for seen in (refund.json(), store.client.get(f"{place}/refunds/{refund.json()['id']}").json()):
        assert_like_a_real_one(seen, "refund")
    assert_like_a_real_one(store.client.get(place).json(), "order")


@pytest.mark.parametrize(
    ("kind", "least", "full"),
    [
        (
            "coupon",
            {"code": "{run}-A"},
            {
                "code": "{run}-B",
                "amount": "5",
                "date_expires": "2090-01-01T00:00:00",
                "usage_limit": 3,
                "usage_limit_per_user": 2,
                "limit_usage_to_x_items": 1,
                "email_restrictions": ["a@example.test"],
                "meta_data": [META],
            },
        ),
        (
            "customer",
            {"email": "{run}-a@example.test"},
            {
                "email": "{run}-b@example.test",
                "password": "secret word",
                "billing": {"city": "Berlin"},
                "meta_data": [META],
            },
        ),
    ],
)
def test_a_coupon_and_a_customer_have_the_keys_and_types_of_real_ones(
    store: Store, kind: str, least: dict[str, Any], full: dict[str, Any]
) -> None:
    script = Script(store)
    for body in (least, full):
        made = store.client.post(f"/{kind}s", json=script.filled(body))
        assert made.headers["Location"] == f"{store.home}/wp-json/wc/v3/{kind}s/{made.json()['id']}"
        for seen in (made.json(), store.client.get(f"/{kind}s/{made.json()['id']}").json()):
            assert_like_a_real_one(seen, kind)


def test_a_new_variation_is_said_to_be_at_an_address_that_nobody_filled_in(store: Store) -> None:
    above = store.client.post("/products", json={"name": "v", "type": "variable"}).json()
    made = store.client.post(f"/products/{above['id']}/variations", json={})
    place = rf"/wp-json/wc/v3/products/(?P<product_id>[\d]+)/variations/{made.json()['id']}"
    assert made.headers["Location"] == store.home + place


def test_a_batch_of_101_variations_is_refused_whole_with_413(store: Store) -> None:
    above = store.client.post("/products", json={"name": "v", "type": "variable"}).json()
    place = f"/products/{above['id']}/variations"
    answer = store.client.post(f"{place}/batch", json={"create": [{}] * 101})
    assert (answer.status_code, answer.json()["code"]) == (413, "woocommerce_rest_request_entity_too_large")
    assert store.client.get(place).json() == []
    assert len(store.client.post(f"{place}/batch", json={"create": [{}] * 100}).json()["create"]) == 100


FIELDS = lines("fields.jsonl")


def said_of(field: dict[str, Any]) -> dict[str, Any]:
    """Type, enum and readonly of a field, and of what is inside it."""
    kept = {name: field[name] for name in ("type", "enum", "readonly") if name in field}
    if "items" in field:
        kept["items"] = said_of(field["items"])
    if "properties" in field:
        kept["properties"] = {name: said_of(inner) for name, inner in field["properties"].items()}
    return kept


EVERYTHING = "GET, POST, PUT, PATCH, DELETE"


@pytest.mark.parametrize(
    ("route", "whole", "one"),
    [
        ("/products", "GET, POST", EVERYTHING),
        ("/products/{p}/variations", "GET, POST", EVERYTHING),
        ("/orders", "GET, POST", EVERYTHING),
        ("/orders/{o}/notes", "GET, POST", "GET, DELETE"),
        ("/orders/{o}/refunds", "GET, POST", "GET, DELETE"),
        ("/refunds", "GET", ""),
        ("/customers", "GET, POST", EVERYTHING),
        ("/coupons", "GET, POST", EVERYTHING),
    ],
)
def test_a_route_tells_its_fields_as_a_real_one_does(store: Store, route: str, whole: str, one: str) -> None:
    above = store.client.post("/products", json={"name": "v", "type": "variable"}).json()
    order = store.client.post("/orders", json={}).json()
    place = route.replace("{p}", str(above["id"])).replace("{o}", str(order["id"]))
    wanted = {field["field"]: said_of(field) for field in FIELDS if field["route"] == route}
    title = next(field["title"] for field in FIELDS if field["route"] == route)
    for path, allowed in ((place, whole), (f"{place}/{above['id']}", one)):
        if not allowed:
            assert store.client.get(path).json()["code"] == "rest_no_route"
            continue
        methods = allowed.split(", ")
        answer = store.client.options(path)
        told = answer.json()
        assert (answer.status_code, answer.headers["Allow"], told["methods"]) == (200, allowed, methods)
        assert (told["schema"]["title"], told["schema"]["type"]) == (title, "object")
        assert {name: said_of(field) for name, field in told["schema"]["properties"].items()} == wanted
        assert list(told["schema"]["properties"]) == list(wanted)
        assert sorted(method for each in told["endpoints"] for method in each["methods"]) == sorted(methods)
        for post in (each for each in told["endpoints"] if "POST" in each["methods"]):
            writable = {name for name, field in wanted.items() if not field.get("readonly")}
            assert set(post["args"]) - {"id", "product_id", "order_id"} == writable


def test_the_shop_lists_its_settings_its_tax_classes_and_itself(store: Store) -> None:
    groups = {group["id"]: group for group in store.client.get("/settings").json()}
    assert {"general", "products", "tax"} <= set(groups)
    assert set(groups["general"]) >= {"id", "label", "description", "parent_id", "sub_groups"}
    general = {each["id"]: each for each in store.client.get("/settings/general").json()}
    assert general["woocommerce_price_decimal_sep"]["value"] == "."
    assert {"id", "label", "type", "default", "tip", "value"} <= set(general["woocommerce_currency"])
    classes = store.client.get("/taxes/classes").json()
    assert [each["slug"] for each in classes][:3] == ["standard", "reduced-rate", "zero-rate"]
    index = store.client.get(f"{store.home}/wp-json/", auth=None).json()
    assert {"name", "url", "home", "gmt_offset", "timezone_string", "namespaces", "authentication"} <= set(index)
    assert {"wc/v3", "wp/v2"} <= set(index["namespaces"])
    assert index["home"] == store.home
    routes = store.client.get("").json()["routes"]
    assert routes[r"/wc/v3/products/(?P<product_id>[\d]+)/variations/batch"]["methods"] == ["POST", "PUT", "PATCH"]
    assert "/wc/v3/products/shipping_classes" in routes
