"""The HTML report as a file: what stands in it, and that no value can get out of its place."""

import base64
import hashlib
import json
import re
import time
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from syncengine.records import Change, Counts, FieldChange, Held, JobResult, Reject
from syncengine.report.page import page
from syncengine.values import Type

START = datetime(2026, 11, 21, 9, 3, 12, tzinfo=UTC)
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "<!--<script>",
    "]]><svg onload=alert(3)>",
    "\"'><b onmouseover=alert(4)>",
    "{{ 7 * 7 }}{% raw %}",
    "line\u2028separator\u2029",
]


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text inside each script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.texts: list[str] = []
        self.comments: list[str] = []
        self._in_script = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self._in_script = tag == "script"
        if self._in_script:
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._in_script = False

    def handle_data(self, data):
        if self._in_script:
            self.scripts[-1] += data
        else:
            self.texts.append(data)

    def handle_comment(self, data):
        self.comments.append(data)


def hostile_result(text: str, **also: object) -> JobResult:
    change = Change("c", "store", "update", text, text, text, {text: FieldChange(text, text + "!", text, error=text)})
    change.status, change.error = "failed", text
    return JobResult(
        text,
        text,
        False,
        START,
        changes=[change],
        held=[Held(7, text, text, text, [text], {text: text}, text, START)],
        rejects=[Reject("erp", text, text, text, text)],
        warnings=[text],
        **also,  # type: ignore[arg-type]
    )


def many_changes(number: int) -> JobResult:
    changes = [
        Change(
            f"c{index}",
            "store",
            "update",
            "product",
            f"A-{index}",
            str(index),
            {
                "regular_price": FieldChange(Decimal(index) / 100, Decimal(index + 1) / 100, "erp changed"),
                "name": FieldChange(f"Wanderschuh {index}", f"Wanderschuh {index} neu", "store-wins: both changed"),
            },
        )
        for index in range(number)
    ]
    return JobResult("products", "r", True, START, changes=changes, types={"regular_price": Type("money")})


def records(text: str) -> dict[str, list[dict[str, object]]]:
    data, _ = Elements(text).scripts
    return json.loads(data)  # type: ignore[no-any-return]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "status",
    [{}, {"status": "stopped", "stopped_by": ("max_changes", "MESSAGE")}, {"status": "failed", "error": "MESSAGE"}],
)
def test_whatever_a_value_says_the_page_has_the_same_elements(text, status):
    filled = {name: (name, text) if name == "stopped_by" else text for name in status if name != "status"}
    hostile = Elements(page([hostile_result(text, **{**status, **filled})]))
    harmless = Elements(page([hostile_result("harmless", **status)]))
    assert [(tag, sorted(attributes)) for tag, attributes in hostile.found] == [
        (tag, sorted(attributes)) for tag, attributes in harmless.found
    ]
    assert [tag for tag, _ in hostile.found].count("script") == 2
    assert hostile.scripts[1] == harmless.scripts[1]
    assert not hostile.comments


@pytest.mark.parametrize("text", HOSTILE)
def test_the_data_holds_every_value_unchanged_and_none_unescaped(text):
    rendered = page([hostile_result(text)])
    data = Elements(rendered).scripts[0]
    assert not set("<>&\u2028\u2029") & set(data)
    found = records(rendered)
    assert found["changes"][0]["fields"] == [[text, text, text + "!", text, text]]
    assert found["held"][0]["store"] == [text]
    assert found["rejects"][0]["reasons"] == [[text, text]]
    assert found["warnings"] == [{"job": 0, "text": text}]
    if "<" in text:
        assert text not in rendered


def test_the_page_loads_nothing_sends_nothing_and_runs_only_its_own_script():
    rendered = page([many_changes(3)])
    elements = Elements(rendered)
    policy = next(a["content"] for tag, a in elements.found if a.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(elements.scripts[1].encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    types = [attributes.get("type") for tag, attributes in elements.found if tag == "script"]
    assert types == ["application/json", None]
    assert not [tag for tag, a in elements.found if {"src", "action", "onclick", "onload"} & set(a) or tag == "link"]
    assert not re.search(r"https?://|@import|url\(", rendered)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", rendered)


def test_ten_thousand_changes_are_written_in_two_seconds_and_a_few_megabytes():
    result = many_changes(10_000)
    started = time.perf_counter()
    rendered = page([result])
    assert time.perf_counter() - started < 2
    assert len(rendered.encode()) < 5_000_000
    assert len(records(rendered)["changes"]) == 10_000


def test_the_totals_are_there_without_any_script():
    result = many_changes(3)
    result.read, result.drift = Counts(1000, 12), 4
    text = " ".join(" ".join(Elements(page([result])).texts).split())
    assert "This is what would happen. 3 changes would be made. Nothing was written." in text
    assert "read 1,012 ERP 1,000 · store 12" in text
    assert "to update 3 ERP 0 · store 3" in text
    assert "drift 4 edits where the other side decides" in text
    assert "A-2 store update name Wanderschuh 2 Wanderschuh 2 neu" in text


def test_what_waits_for_a_person_is_there_without_any_script_and_no_list_ends_unsaid():
    result = many_changes(101)
    result.held = [Held(7, "A-9", "(type)", "simple", ["a", "b"], None, "it waits")] * 120
    result.rejects = [Reject("erp", f"p.csv:{row}", f"R-{row}", "stock", "bad") for row in range(151)]
    result.warnings = ["decoration was lost"] * 3
    text = " ".join(" ".join(Elements(page([result])).texts).split())
    assert "Changes (the first 100 of 101)" in text
    assert "Waiting for you (the first 100 of 120)" in text
    assert "A-9 (type): ERP has simple, store has a, b, last agreed nothing. it waits" in text
    assert "sync conflicts resolve 7 --take store (store: go on with what it is there)" in text
    assert "Rejected rows (the first 100 of 151)" in text and "R-99" in text and "R-100" not in text
    assert "Warnings decoration was lost" in text


def test_a_stopped_and_a_failed_run_say_so_at_the_top():
    stopped = many_changes(2)
    stopped.dry_run, stopped.status = False, "stopped"
    stopped.stopped_by = ("max_changes", "600 of 1,000 linked records; --max-changes 60% lets it pass")
    failed = JobResult("orders", "r", False, START, status="failed", error="the store does not answer")
    text = " ".join(" ".join(Elements(page([stopped, failed])).texts).split())
    assert "Nothing was written. Stopped by max_changes: 600 of 1,000 linked records; --max-changes 60%" in text
    assert "Failed: the store does not answer." in text


def test_what_was_not_made_is_not_counted_as_made():
    result = many_changes(5)
    result.dry_run = False
    for change, status in zip(result.changes, ("done", "in-flight", "failed", "unknown", "superseded"), strict=True):
        change.status = status
    text = " ".join(" ".join(Elements(page([result])).texts).split())
    for word in ("updated", "handed over", "failed", "no answer", "overtaken"):
        assert f"{word} 1 ERP 0 · store 1" in text


def tiles(rendered: str) -> dict[str, tuple[int, str]]:
    """Each tile's number, and where it leads."""
    found = {}
    for tile in re.findall(r'<div class="tile.*?</div>', rendered, re.DOTALL):
        label = re.search(r"<dt>(?:<a href=\"(.*?)\">)?([^<]+)", tile)
        number = re.search(r"<b>([0-9,]+)</b>", tile)
        assert label is not None and number is not None
        found[label[2]] = (int(number[1].replace(",", "")), (label[1] or "").replace("&amp;", "&"))
    return found


def test_the_numbers_on_the_page_add_up_and_each_leads_to_as_many_entries():
    result = many_changes(60)
    result.dry_run, result.read, result.unchanged = False, Counts(70, 9), Counts(8, 5)
    result.changed, result.unlinked = Counts(60, 1), Counts(0, 3)
    result.rejects = [Reject("erp", f"p.csv:{row}", None, None, "no key") for row in (1, 2)]
    statuses = ("done", "done", "in-flight", "failed", "unknown", "superseded", "planned", "failed", "sent", "done")
    for at, change in enumerate(result.changes):
        change.status = statuses[at % 10]
        change.action = ("create", "update", "delete")[at // 10 % 3]
        change.side = ("store", "erp")[at // 30]
        if at % 10 == 7:
            change.taken, change.fields["name"].error = True, "too long"
    rendered = page([result])
    shown = tiles(rendered)
    numbers = {label: number for label, (number, _) in shown.items()}
    assert numbers["read"] == sum(numbers[name] for name in ("unchanged", "changed", "unlinked", "rejected"))
    of_changes = {label: where for label, (_, where) in shown.items() if "tab=changes" in where}
    assert sum(numbers[label] for label in of_changes) == 60
    assert set(of_changes) >= {"created", "in part", "handed over", "failed", "no answer", "overtaken", "not made"}
    entries = records(rendered)["changes"]
    for label, where in of_changes.items():
        asked = {name: unquote(value) for name, value in re.findall(r"(action|outcome)=([^&]*)", where)}
        listed = [one for one in entries if all(one[name] == value for name, value in asked.items())]
        assert len(listed) == numbers[label], label


def test_conflicts_that_wait_and_are_not_listed_are_told_of():
    held = [Held(1, "A", "name", "x", "y", "z", since=START)]
    text = " ".join(" ".join(Elements(page([JobResult("p", "r", False, START, held=held, waiting=5)])).texts).split())
    assert "wait for you 5 1 of them here; sync conflicts lists all" in text


def test_a_row_rejected_for_two_reasons_stands_once_with_both():
    rejects = [Reject("erp", "p.csv:18", "A-18", field, "bad") for field in ("price", "stock")]
    found = records(page([JobResult("products", "r", True, START, rejects=rejects)]))
    assert [row["reasons"] for row in found["rejects"]] == [[["price", "bad"], ["stock", "bad"]]]


def test_money_is_shown_with_its_places_and_lists_stay_lists():
    fields = {"price": FieldChange(Decimal("19.9"), Decimal(21), "x"), "tags": FieldChange(["a"], ["a", "b"], "x")}
    change = Change("c", "store", "update", "product", "A", "1", fields)
    found = records(page([JobResult("p", "r", True, START, changes=[change], types={"price": Type("money")})]))
    assert found["changes"][0]["fields"] == [["price", "19.90", "21.00", "x", ""], ["tags", ["a"], ["a", "b"], "x", ""]]
    assert found["jobs"] == [{"name": "p", "dry_run": True, "numbers": ["price"]}]


def test_the_same_results_give_the_same_page():
    assert page([many_changes(2)]) == page([many_changes(2)])
