"""The HTML report as somebody sees and uses it."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from syncengine.records import KIND, RECORD, Change, FieldChange, Held, JobResult, Reject
from syncengine.report.files import write_report
from syncengine.values import Type

START = datetime(2026, 11, 21, 9, 3, 12, tzinfo=UTC)
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "<!--<script>",
    '"><svg onload=alert(3)>',
]
LISTED = "#list > article"


def update(number: int, **fields: FieldChange) -> Change:
    fields = fields or {"regular_price": FieldChange(Decimal(number), Decimal(number + 1), "erp changed")}
    return Change(f"c{number}", "store", "update", "product", f"A-{number}", str(1000 + number), fields)


def job(*changes: Change, **also) -> JobResult:
    types = {"regular_price": Type("money")}
    return JobResult("products", "r", True, START, changes=list(changes), types=types, **also)


@pytest.fixture
def show(browser, tmp_path):
    def open_report(*results: JobResult, address: str = "") -> None:
        path = tmp_path / "report.html"
        write_report(path, results)
        browser.open(path.as_uri() + address)

    return open_report


def test_hostile_values_are_shown_as_the_texts_they_are(browser, show):
    fields = {text: FieldChange(text, text + " new", text) for text in HOSTILE}
    held = [Held(7, HOSTILE[0], HOSTILE[1], HOSTILE[2], HOSTILE[3], None)]
    rejects = [Reject("erp", *HOSTILE)]
    show(job(update(1, **fields), held=held, rejects=rejects, warnings=HOSTILE))
    shown = browser.text(LISTED)
    for text in HOSTILE:
        assert shown.count(text) == 4
    for tab in ("held", "rejects", "warnings"):
        browser.click(f"#tab-{tab}")
        assert HOSTILE[0] in browser.text("#list")
    assert browser.run("return document.querySelectorAll('img, svg, iframe').length") == 0
    assert browser.run("return document.scripts.length") == 2


def test_no_other_script_can_run_in_the_page(browser, show):
    show(job(update(1)))
    browser.run(
        "const s = document.createElement('script'); s.textContent = 'window.ran = true'; document.body.append(s)"
    )
    assert browser.run("return window.ran === undefined")
    (complaint,) = browser.complaints()
    assert "Content Security Policy" in complaint


def test_records_are_found_by_words_and_filters_and_the_address_keeps_the_search(browser, show):
    created = Change(
        "n", "store", "create", "product", "B-1", None, {"name": FieldChange(None, "Blue boot", "new record")}
    )
    renamed = Change(
        "e", "erp", "update", "product", "A-9", "A-9", {"name": FieldChange("Hat", "Red hat", "store changed")}
    )
    show(job(update(1), update(2), created, renamed))
    assert browser.texts(f"{LISTED} h3") == ["A-1", "A-2", "B-1", "A-9"]

    browser.choose("side", "erp")
    assert browser.texts(f"{LISTED} h3") == ["A-9"]
    browser.click("button[type=reset]")
    browser.run("return new Promise((done) => setTimeout(done))")
    browser.choose("action", "create")
    assert browser.texts(f"{LISTED} h3") == ["B-1"]
    browser.choose("action", "")
    browser.choose("field", "name")
    assert browser.texts(f"{LISTED} h3") == ["B-1", "A-9"]

    browser.type("input[name=q]", "HAT store")
    browser.run("return new Promise((done) => setTimeout(done, 150))")
    assert browser.texts(f"{LISTED} h3") == ["A-9"]
    assert browser.text("output") == "1 of 4 changes"

    kept = browser.run("return location.hash")
    show(job(update(1), update(2), created, renamed), address=kept)
    assert browser.texts(f"{LISTED} h3") == ["A-9"]
    assert browser.run("return document.querySelector('input[name=q]').value") == "HAT store"


def test_old_and_new_stand_side_by_side_and_what_differs_is_marked(browser, show):
    long = "A sturdy boot of leather, waterproof and light. " * 20
    fields = {
        "name": FieldChange("Boot, red", "Boot, blue", "erp changed"),
        "regular_price": FieldChange(Decimal("19.9"), Decimal("21"), "erp changed"),
        "tags": FieldChange(["sale", "boots"], ["boots", "new"], "union"),
        "description": FieldChange(long + "Red.", long + "Blue.", "erp changed"),
    }
    show(job(update(1, **fields)))
    assert browser.texts("del") == ["red", "19.90", "sale", "Red"]
    assert browser.texts("ins") == ["blue", "21.00", "new", "Blue"]
    assert "+1.10 (+5.5 %)" in browser.text(LISTED)
    assert long not in browser.text(LISTED)
    old, new = browser.run(
        "return ['del', 'ins'].map((tag) => document.querySelector(tag).getBoundingClientRect().toJSON())"
    )
    assert old["right"] < new["left"] and abs(old["top"] - new["top"]) < 2
    browser.click(".expand")
    assert long.strip() in browser.text(LISTED)


def test_conflicts_and_rejected_rows_are_reached_by_keyboard_with_the_command_to_answer(browser, show):
    held = [Held(7, "A-9", "name", "x", "y", "z", "both changed")]
    show(job(update(1), held=held, rejects=[Reject("erp", "products.csv:18", "A-18", "stock", "not a number: 'x'")]))
    browser.type("#tab-changes", "\ue014")  # arrow right
    assert browser.text(f"{LISTED} code") == "sync conflicts resolve 7 --take erp|store|VALUE"
    assert " ".join(browser.text(f"{LISTED} .answers").split()) == "ERP has x store has y last agreed z"
    browser.click(f"{LISTED} .commands button")
    assert browser.text(f"{LISTED} .commands button") == "Copied"
    browser.type("#tab-held", "\ue014")
    assert "products.csv:18" in browser.text(LISTED) and "stock: not a number: 'x'" in browser.text(LISTED)
    assert browser.run("return document.activeElement.id") == "tab-rejects"


def test_a_conflict_offers_only_the_answers_that_are_taken_and_says_what_each_means(browser, show):
    held = [Held(at, f"A-{at}", field, "x", "y", "z") for at, field in enumerate(("name", RECORD, KIND), 1)]
    show(job(held=held))
    offered = [browser.texts(f"{LISTED}:nth-child({at}) .commands > *") for at in (1, 2, 3)]
    assert offered == [
        [
            "sync conflicts resolve 1 --take erp|store|VALUE",
            "Copy: take erp (the ERP's value)",
            "Copy: take store (the store's value)",
        ],
        ["sync conflicts resolve 2 --take erp|store", "Copy: take erp (make it anew)", "Copy: take store (let it go)"],
        ["sync conflicts resolve 3 --take store", "Copy: take store (go on with what it is there)"],
    ]


def test_who_searches_far_down_sees_the_first_of_what_is_found(browser, show):
    show(job(*(update(number) for number in range(600))))
    for _ in range(4):
        browser.click("#more")
    browser.run("scrollTo(0, 20000)")
    browser.type("input[name=q]", "a-9")
    browser.run("return new Promise((done) => setTimeout(done, 200))")
    tops = browser.run("""return [document.querySelector(".toolbar").getBoundingClientRect().bottom,
        document.querySelector("#list > article").getBoundingClientRect().top]""")
    assert -5 <= tops[1] - tops[0] < 60


def test_who_follows_a_number_on_a_phone_sees_what_it_counts(browser, show):
    browser.devtools("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)
    held = [Held(at, f"A-{at}", "name", "x", "y", "z") for at in range(1, 9)]
    show(job(*(update(number) for number in range(60)), held=held))
    for link in ("#tab=held", "#tab=held", "#tab=changes&action=update&outcome=planned"):
        browser.run("scrollTo(0, 0)")
        browser.run("document.querySelector(`.tiles a[href='${arguments[0]}']`).click()", link)
        browser.run("return new Promise((done) => setTimeout(done, 200))")
        assert 0 <= browser.run("return document.querySelector('#list > article').getBoundingClientRect().top") < 600
    assert browser.text("output") == "60 changes"


def test_on_paper_stands_what_was_chosen_and_what_is_left_out(browser, show):
    changes = [update(number) for number in range(2500)]
    show(
        job(*changes, update(9999, name=FieldChange("a", "b", "c")), warnings=["w"]),
        address="#q=erp&field=regular_price",
    )
    browser.devtools("Page.printToPDF")
    displays = "return [...document.querySelectorAll('.on-paper')].map((one) => getComputedStyle(one).display)"
    assert browser.run(displays) == ["none", "none"]
    browser.devtools("Emulation.setEmulatedMedia", media="print")
    assert browser.run(displays) == ["block", "block"]
    assert browser.text("#printed") == "Changes: 2,500 of 2,501 changes, field regular_price, with “erp”"
    assert browser.run("return document.querySelectorAll(arguments[0]).length", LISTED) == 2000
    assert browser.text("#unprinted") == (
        "500 more are not printed: filter, or use the CSV report. "
        "Not printed: Warnings (1). Each is printed when it is open."
    )


def test_what_is_seen_is_found_however_it_is_written(browser, show):
    odd = {"name": FieldChange("x", "e\u0301tude a\u200bb c\x1bd", "erp changed")}
    show(job(update(1, **odd), update(2)))
    for words in ("\u00e9tude", "a\\u200bb", "c\\x1bd", "ÉTUDE"):
        browser.run("document.querySelector('.filters').q.value = arguments[0]", words)
        browser.run("document.querySelector('.filters').requestSubmit()")
        assert browser.texts(f"{LISTED} h3") == ["A-1"], words


def test_ten_thousand_changes_appear_at_once_and_are_searched_in_a_tenth_of_a_second(browser, show):
    show(job(*(update(number) for number in range(10_000))))
    assert browser.run("return performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd") < 1000
    assert browser.run("return document.querySelectorAll(arguments[0]).length", LISTED) == 100
    browser.type("#more", "\ue007")  # enter
    assert browser.run("return document.querySelectorAll(arguments[0]).length", LISTED) == 200
    times = browser.run("""
        const form = document.querySelector(".filters");
        return ["a-9", "a-99", "a-999 erp", "a-9999"].map((words) => {
          const before = performance.now();
          form.q.value = words;
          form.requestSubmit();
          document.body.offsetHeight;
          return performance.now() - before;
        });
    """)
    assert sorted(times)[1] < 100, times
    assert browser.texts(f"{LISTED} h3") == ["A-9999"]


@pytest.mark.parametrize(("theme", "darkest"), [("light", 200), ("dark", 0)])
def test_on_a_phone_nothing_is_wider_than_the_screen_by_day_and_by_night(browser, show, theme, darkest):
    browser.devtools("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)
    browser.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
    wide = FieldChange("x" * 500, "y" * 500, "z" * 100)
    show(
        job(
            update(1, **{"f" * 60: wide}), held=[Held(7, "k" * 80, "f" * 60, "x" * 90, "y", None)], warnings=["w" * 200]
        )
    )
    for tab in ("changes", "held", "warnings"):
        browser.run("document.getElementById(arguments[0]).click()", f"tab-{tab}")
        assert browser.run("return document.documentElement.scrollWidth") <= 390
    colour = browser.run("return getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)")
    assert all(darkest <= part <= darkest + 55 for part in colour)
