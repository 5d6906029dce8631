"""A field that both sides changed, and the person who decides."""

from __future__ import annotations

import pytest

from tests.system.project import Project
from tests.system.shop import Shop


@pytest.fixture
def held(project: Project, shop: Shop) -> Project:
    """A shelf that the ERP moved to Z9 and the shop to B7."""
    project.given("run")
    project.rows["A-025"]["Regal"] = "Z9"
    project.export()
    shop.edit("A-025", meta_data=[{"key": "_shelf", "value": "B7"}])
    project.given("run")
    return project


def shelf(shop: Shop) -> str:
    return next(one["value"] for one in shop.products()["A-025"]["meta_data"] if one["key"] == "_shelf")


def number(project: Project) -> str:
    (conflict,) = project.given("conflicts", "--json").json["conflicts"]
    assert (conflict["erp"], conflict["store"], conflict["base"]) == ("Z9", "B7", "R25")
    return str(conflict["id"])


@pytest.mark.parametrize(("take", "expected"), [("erp", "Z9"), ("store", "B7"), ("C3", "C3")])
def test_an_answer_takes_effect_in_the_next_run(held: Project, shop: Shop, take: str, expected: str) -> None:
    answered = held.sync("conflicts", "resolve", number(held), "--take", take)
    assert answered.code == 0
    assert "takes effect in the next run" in answered.out
    assert shelf(shop) == "B7"
    assert held.sync("run").code == 0
    assert shelf(shop) == expected
    held.take_in()
    assert held.rows["A-025"]["Regal"] == expected
    assert "nothing waits for you" in held.sync("conflicts").out
    held.given("run")
    assert "in-flight" not in held.statuses()


def test_a_held_conflict_is_no_error(held: Project, shop: Shop) -> None:
    ended = held.sync("run", "--json")
    assert ended.code == 0
    assert ended.job["conflicts"] == {"settled": 0, "held": 0, "waiting": 1}
    assert shelf(shop) == "B7"
    held.take_in()
    assert held.rows["A-025"]["Regal"] == "Z9"


def test_a_conflict_is_shown_with_the_command_that_answers_it(held: Project) -> None:
    listed = held.sync("conflicts").out
    assert f"sync conflicts resolve {number(held)} --take erp|store|VALUE" in listed
    assert "both sides changed it" in listed


def test_an_answer_to_nothing_ends_with_2_and_the_open_numbers(held: Project) -> None:
    ended = held.sync("conflicts", "resolve", "4711", "--take", "erp")
    assert ended.code == 2
    assert f"open are: {number(held)}" in ended.err
    assert held.sync("conflicts", "resolve", number(held)).code == 2


def test_a_value_that_the_field_cannot_have_is_refused(project: Project, shop: Shop) -> None:
    mapping = project.folder / "products.toml"
    text = mapping.read_text(encoding="utf-8").replace(
        'type = "money",   truth = "erp"', 'type = "money", truth = "ask"'
    )
    mapping.write_text(text, encoding="utf-8")
    project.given("run")
    project.rows["A-002"]["VK"] = "3,00"
    project.export()
    shop.edit("A-002", regular_price="2.50")
    project.given("run")
    refused = project.sync("conflicts", "resolve", "1", "--take", "cheap")
    assert refused.code == 2
    assert "not a number: 'cheap'" in refused.err
    refused = project.sync("conflicts", "resolve", "1", "--take=-5")
    assert (refused.code, refused.out) == (2, "")
    assert "#1 A-002 regular_price: a negative price: -5" in refused.err
    assert "a value that the store takes" in refused.err
    assert project.sync("conflicts", "resolve", "1", "--take", "2.75").code == 0
    project.given("run")
    assert shop.products()["A-002"]["regular_price"] == "2.75"


def test_a_value_that_only_the_shop_could_judge_is_taken_while_the_shop_is_away(held: Project) -> None:
    """A class by its name is in the shop's own list, which nobody can look at now."""
    mapping = held.folder / "products.toml"
    mapping.write_text(mapping.read_text(encoding="utf-8").replace("meta:_shelf", "tax_class"), encoding="utf-8")
    refused = held.sync("conflicts", "resolve", number(held), "--take", "Ermäßigt")
    assert refused.code == 2
    assert "the store has no tax_class 'Ermäßigt'" in refused.err
    held.url = "http://127.0.0.1:9"
    held.configure()
    mapping.write_text(mapping.read_text(encoding="utf-8").replace("meta:_shelf", "tax_class"), encoding="utf-8")
    assert held.sync("conflicts", "resolve", number(held), "--take", "Ermäßigt").code == 0
