"""What a run looks like in a terminal."""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from syncengine.records import Action, Change, Counts, FieldChange, Held, JobResult, Reject, Status
from syncengine.report.summary import FATES
from syncengine.report.terminal import print_results
from syncengine.values import Type

START = datetime(2026, 11, 21, 9, 3, 12, tzinfo=UTC)


def update(key: str, status: Status = "planned", action: Action = "update", **fields: FieldChange) -> Change:
    fields = fields or {"regular_price": FieldChange(Decimal("19.9"), Decimal("21"), "erp changed")}
    return Change(key, "store", action, "product", key, "123", fields, status=status)


def job(*changes: Change, **also: object) -> JobResult:
    settings: dict[str, object] = {"dry_run": True, "finished": START + timedelta(seconds=2.13), **also}
    types = {"regular_price": Type("money")}
    return JobResult("products", "20261121T090312-7c1e", started=START, changes=list(changes), types=types, **settings)  # type: ignore[arg-type]


def in_part() -> Change:
    """Of which the store took all but the pictures."""
    fields = {
        "name": FieldChange("Hut", "Hut, rot", "erp changed"),
        "images": FieldChange([], ["x.png"], "erp changed", error="upload_error: no such host"),
    }
    error = "images: upload_error: no such host"
    return Change("c", "store", "update", "product", "X-1", "12", fields, status="failed", error=error, taken=True)


def printed(*results: JobResult, width: int = 120, verbose: bool = False, terminal: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=terminal, color_system="standard" if terminal else None)
    print_results(results, console, verbose)
    return file.getvalue()


def words(*results: JobResult, width: int = 120, verbose: bool = False) -> str:
    return " ".join(printed(*results, width=width, verbose=verbose).split())


def last_line(result: JobResult) -> str:
    return printed(result, width=200).rstrip().splitlines()[-1]


def test_the_first_line_names_the_job_and_the_run():
    assert printed(job()).splitlines()[0] == "products  dry run  20261121T090312-7c1e  2.1 s"
    assert "dry run" not in printed(job(dry_run=False))


def test_what_was_read_and_what_comes_of_it_stands_side_by_side():
    text = words(job(update("A"), read=Counts(1000, 12), unchanged=Counts(990, 10), changed=Counts(9, 1)))
    assert "ERP store read 1,000 12 unchanged 990 10 changed 9 1 to update 0 1" in text


def test_a_change_shows_record_field_old_new_and_why():
    assert "To update in the store (1) A-17 regular_price 19.90 → 21.00 erp changed" in words(job(update("A-17")))


def test_on_a_narrow_terminal_the_reason_follows_in_brackets_and_no_line_is_too_long():
    text = printed(job(update("A-17", name=FieldChange("x" * 50, "y" * 50, "erp changed"))), width=60)
    assert "(erp changed)" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 60


def test_only_the_first_changes_are_listed_unless_asked_for_all():
    result = job(*(update(f"A-{number}") for number in range(332)))
    assert "… and 312 more: --report changes.html shows all" in words(result)
    assert "A-331" not in words(result)
    everything = words(result, verbose=True)
    assert "A-331" in everything and "more:" not in everything


def test_after_a_run_nobody_is_sent_to_a_report_that_can_no_longer_be_made():
    result = job(*(update(f"A-{number}", "done") for number in range(64)), dry_run=False)
    assert "… and 44 more: sync history KEY shows a record's; with --report changes.html a run saves all" in words(
        result
    )
    file = io.StringIO()
    print_results([result], Console(file=file, width=120), report=Path("/tmp/mine.html"))
    assert "… and 44 more: mine.html has all" in file.getvalue()


def test_failures_are_told_in_full_before_others_get_their_share():
    others = [update(f"{action}-{n}", "done", action) for action in ("create", "update", "delete") for n in range(99)]
    failed = [update(f"F-{number:02}", "failed") for number in range(11)]
    text = words(job(*others, *failed, dry_run=False))
    assert "Failed or unanswered (11)" in text
    assert all(f"F-{number:02}" in text for number in range(11))
    assert "create-5" in text and "update-5" in text and "delete-5" in text
    many = words(job(*(update(f"F-{number:02}", "failed") for number in range(50)), dry_run=False))
    assert "F-19" in many and "F-20" not in many and "and 30 more" in many


def test_a_row_rejected_for_two_reasons_is_one_of_those_that_are_counted():
    rejects = [Reject("erp", f"p.csv:{n}", f"A-{n}", field, "bad") for n in range(12) for field in ("price", "stock")]
    text = words(job(rejects=rejects, dry_run=False))
    assert "Rejected rows (12)" in text and "… and 2 more: sync rejected lists all" in text
    assert text.count("p.csv:9 ") == 2 and "p.csv:10" not in text


def test_many_creates_do_not_hide_the_few_other_changes():
    creates = [update(f"N-{number}", action="create") for number in range(100)]
    text = words(job(*creates, update("A-17"), update("A-18", action="delete")))
    assert "To create in the store (100)" in text and "A-17" in text and "A-18" in text
    assert "… and 82 more" in text


def test_what_differs_in_long_texts_is_seen():
    long = "A sturdy boot of leather, waterproof and light. " * 5
    text = words(job(update("A", description=FieldChange(long + "Red.", long + "Blue.", "erp changed"))))
    assert "Red." in text and "Blue." in text and long not in text


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (job(dry_run=False), "Nothing to do."),
        (job(*(update(f"A-{n}") for n in range(12))), "12 changes would be made. Nothing was written."),
        (
            job(
                *(update(f"A-{n}", "done") for n in range(12)),
                dry_run=False,
                waiting=1,
                rejects=[Reject("erp", "p.csv:18", "A", None, "bad")],
            ),
            "Done: 12 changes, 1 waits for you, 1 row rejected.",
        ),
        (
            job(update("A", "in-flight"), update("B", "failed"), update("C", "sent"), dry_run=False, waiting=2),
            "Done: 1 change handed over, 1 failed, 1 without an answer (the next run looks), 2 wait for you.",
        ),
        (
            job(rejects=[Reject("erp", "p.csv:18", "A", None, "bad")]),
            "Nothing to do, but 1 row rejected.",
        ),
        (
            job(update("A"), dry_run=False, status="stopped", stopped_by=("max_changes", "600 of 1,000; --force")),
            "Nothing was written. Stopped by max_changes: 600 of 1,000; --force.",
        ),
        (
            job(update("A", "done"), dry_run=False, status="failed", error="the store does not answer"),
            "Failed: the store does not answer. 1 change had been made by then.",
        ),
        (
            job(dry_run=False, status="failed", error="wrong secret (401: the signature does not match.)"),
            "Failed: wrong secret (401: the signature does not match.)",
        ),
    ],
)
def test_the_last_line_is_one_plain_sentence(result, expected):
    assert last_line(result) == expected


def test_a_run_that_was_stopped_speaks_of_what_was_planned_not_of_what_was_done():
    text = words(job(update("A"), dry_run=False, status="stopped", stopped_by=("max_changes", "too many")))
    assert "To update in the store (1)" in text and "to update 0 1" in text


def test_failed_changes_come_first_each_with_what_the_side_said():
    failed = update("B", "failed")
    failed.error = "woocommerce_rest_invalid_product: Invalid price."
    text = words(job(update("A", "done"), failed, dry_run=False))
    assert text.index("Failed or unanswered (1)") < text.index("Updated in the store (1)")
    assert "✗ failed: woocommerce_rest_invalid_product: Invalid price." in text
    assert "updated 0 1" in text


def test_of_a_change_that_was_made_in_part_only_the_refused_fields_have_failed_and_each_says_why_once():
    result = job(in_part(), update("A", "done"), dry_run=False)
    assert last_line(result) == "Done: 1 change, 1 change made in part (1 field failed)."
    text = words(result)
    assert "updated 0 1 in part 0 1" in text
    assert "name Hut → Hut, rot erp changed" in text and "✗ made in part" in text
    assert text.count("upload_error: no such host") == 1


def test_a_change_of_which_only_a_part_was_made_is_not_nothing():
    assert last_line(job(in_part(), dry_run=False)) == "Done: 1 change made in part (1 field failed)."
    failed = job(in_part(), dry_run=False, status="failed", error="the store does not answer")
    assert last_line(failed).endswith("1 change had been made by then.")


def test_what_a_run_did_not_come_to_is_not_told_as_made():
    read, error = Counts(2, 2), "the store does not answer"
    text = words(job(update("A", "done"), update("B"), dry_run=False, status="failed", error=error, read=read))
    assert "Updated in the store (1) A " in text and "To update in the store: not made (1) B " in text
    assert "updated 0 1 not made 0 1" in text


def test_what_was_handed_over_is_not_told_as_made():
    text = words(job(update("A", "done"), update("B", "in-flight"), dry_run=False))
    assert "updated 0 1 handed over 0 1" in text and "To update in the store: handed over (1) B " in text


def test_the_page_about_commands_explains_every_word_for_what_became_of_a_change():
    page = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
    assert [fate for fate in FATES if f"`{fate}`" not in page] == []


def test_a_conflict_shows_what_each_side_has_and_the_command_that_answers_it():
    text = words(job(held=[Held(7, "A-9", "name", "x", "y", None, "both changed")]))
    assert "Waiting for you (1) #7 A-9 name both changed ERP x store y last agreed (empty)" in text
    assert "sync conflicts resolve 7 --take erp|store|VALUE" in text


def test_a_conflict_of_a_dry_run_has_no_number_and_no_command_yet():
    text = words(job(held=[Held(0, "A-9", "name", "x", "y", "z")]))
    assert "#0" not in text and "resolve" not in text


def test_rejected_rows_show_where_and_why_the_first_ten_of_them():
    rejects = [Reject("erp", f"products.csv:{n}", f"A-{n}", "stock", f"not a number: 'x{n}'") for n in range(25)]
    text = words(job(rejects=rejects, dry_run=False))
    assert "Rejected rows (25) products.csv:0 A-0 stock: not a number: 'x0'" in text
    assert "products.csv:9" in text and "products.csv:10" not in text
    assert "… and 15 more: sync rejected lists all" in text


def test_numbers_that_are_seldom_there_are_told_with_what_they_mean():
    text = words(job(settled=1, drift=2, unwritten=3, warnings=["decoration was lost"]))
    assert "1 conflict settled by the table of truth" in text
    assert "2 edits on a side that does not own the field" in text
    assert "3 changes for a side that is not written" in text
    assert "Warnings (1) decoration was lost" in text


@pytest.mark.parametrize("hostile", ["[bold red]x[/]", "[/]", "[link=http://x]y", ":smile:", "\\[x]"])
def test_markup_in_values_is_shown_and_not_obeyed(hostile):
    result = job(
        update(hostile, **{hostile: FieldChange(hostile, hostile + "!", hostile)}),
        held=[Held(7, hostile, hostile, hostile, hostile, hostile, hostile)],
        rejects=[Reject("erp", hostile, hostile, hostile, hostile)],
        warnings=[hostile],
    )
    assert printed(result, width=300).count(hostile) >= 14


def test_escape_sequences_and_direction_marks_in_values_never_reach_the_terminal():
    result = job(
        update("A\x1b[2J", name=FieldChange("a\r\x07b", "\x9b31m\u202egnp.exe", "why\x1b]0;title\x07")),
        held=[Held(7, "k\x1b[1m", "f\x1b", "x\x1b", "y", "z")],
        rejects=[Reject("erp", "w\x1b", "k\x1b", "f\x1b", "r\x1b")],
        warnings=["w\x1b[31m"],
        status="failed",
        error="e\x1b[31m",
    )
    text = printed(result)
    assert not {"\x1b", "\x07", "\r", "\x9b", "\u202e"} & set(text)
    assert "A\\x1b[2J" in text and "\\u202egnp.exe" in text


def test_there_is_colour_only_where_a_terminal_shows_it():
    assert "\x1b[" not in printed(job(update("A")))
    assert "\x1b[" in printed(job(update("A")), terminal=True)


def test_several_jobs_stand_one_below_the_other():
    text = printed(job(update("A")), JobResult("orders", "r", False, START))
    assert text.index("products") < text.index("would be made") < text.index("orders")


def test_a_new_term_without_a_key_goes_by_its_name():
    term = Change("c", "store", "create", "category", None, None, {"name": FieldChange(None, "Shoes", "needed")})
    assert "category: Shoes" in words(job(term))
