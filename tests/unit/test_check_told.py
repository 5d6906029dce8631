"""How a check is told: to people in a terminal, to programs as JSON."""

from __future__ import annotations

import io
import json

from rich.console import Console

from syncengine.check.document import document
from syncengine.check.looked import Looked, Seen, SeenField, exit_code
from syncengine.check.terminal import print_check
from syncengine.errors import ConfigError, Problem, Unreachable
from syncengine.findings import Finding, mistake, note, obstacle, ok, told_by, warning

SHOP = Looked("connection", "shop", "woocommerce  https://shop.test", [ok("address", "it answers")])
JOB = Looked("job", "products", "erp and shop", [note("state", "no run yet")])


def printed(*looked: Looked, width: int = 100) -> str:
    out = io.StringIO()
    print_check(looked, Console(file=out, width=width, highlight=False))
    return out.getvalue()


def looked(*findings: Finding, seen: Seen | None = None) -> Looked:
    return Looked("job", "products", "erp and shop", list(findings), seen)


def test_the_worst_finding_is_the_exit_code() -> None:
    assert exit_code([SHOP, JOB]) == 0
    assert exit_code([SHOP, looked(warning("a", "b", "c"))]) == 1
    assert exit_code([looked(warning("a", "b", "c"), mistake("a", "b", "c"))]) == 2
    assert exit_code([looked(mistake("a", "b", "c")), looked(obstacle("a", "b", "c")), SHOP]) == 3
    assert exit_code([]) == 0


def test_an_error_that_ends_a_look_is_a_finding_with_its_places() -> None:
    wrong = ConfigError(Problem("a.toml", 3, "unknown key", "leave it out"), Problem("a.toml", None, "empty"))
    assert told_by("mapping", wrong) == [
        Finding("error", "mapping", "a.toml:3: unknown key", "leave it out"),
        Finding("error", "mapping", "a.toml: empty"),
    ]
    (gone,) = told_by("store", Unreachable("nobody is there"))
    assert (gone.message, gone.exit_code) == ("nobody is there", 3)


def test_each_finding_is_told_with_what_to_do_about_it() -> None:
    text = printed(SHOP, looked(mistake("fields.price", "products.toml:9: no such column", "did you mean VK?")))
    lines = [line.rstrip() for line in text.splitlines()]
    assert lines[0] == "shop  woocommerce  https://shop.test"
    assert lines[1] == "  ✓  address  it answers"
    assert lines[4] == "  ✗  fields.price  products.toml:9: no such column"
    assert lines[5].strip() == "→ did you mean VK?"
    assert lines[-1] == "1 error; nothing was changed."


def test_the_last_sentence_counts_what_needs_somebody() -> None:
    assert printed(SHOP, JOB).endswith("Nothing was found that needs to be done, and nothing was changed.\n")
    many = looked(*[warning("a", "b", "c")] * 2, *[obstacle("d", "e", "f")] * 3)
    assert printed(many).endswith("3 errors and 2 warnings; nothing was changed.\n")


def test_nothing_that_a_shop_says_moves_the_cursor_or_hides_anything() -> None:
    nasty = "\x1b[2J\x1b]0;owned\x07[red]not markup[/red]\u202e"
    text = printed(looked(warning(nasty, nasty, nasty), seen=Seen([nasty], [SeenField("f", nasty, None)])))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]not markup[/red]" in text


def test_one_record_stands_side_by_side_in_a_narrow_terminal_too() -> None:
    seen = Seen(["products.csv:2", "product 12"], [SeenField("price", "3.90", "3.95"), SeenField("shelf", None, "")])
    for width in (40, 120):
        text = printed(looked(seen=seen), width=width)
        assert "products.csv:2 and product 12" in text
        assert ["price", "3.90", "3.95"] in [line.split() for line in text.splitlines()]
    alone = printed(looked(seen=Seen(["products.csv:2"], [SeenField("price", "3.90", None)])))
    assert "products.csv:2, without a partner" in alone


def test_json_has_the_same_keys_whatever_was_found() -> None:
    seen = Seen(["products.csv:2"], [SeenField("price", "3.90", None)])
    told = json.loads(json.dumps(document([SHOP, looked(obstacle("a", "b"), seen=seen)])))
    assert told == {
        "version": 1,
        "exit_code": 3,
        "connections": [
            {
                "connection": "shop",
                "about": "woocommerce  https://shop.test",
                "findings": [
                    {"level": "ok", "exit_code": 0, "what": "address", "message": "it answers", "to_do": None}
                ],
            }
        ],
        "jobs": [
            {
                "job": "products",
                "about": "erp and shop",
                "findings": [{"level": "error", "exit_code": 3, "what": "a", "message": "b", "to_do": None}],
                "record": {
                    "where": ["products.csv:2"],
                    "fields": [{"field": "price", "erp": "3.90", "store": None}],
                },
            }
        ],
    }
