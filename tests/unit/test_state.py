"""What the state keeps and how: the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from syncengine.endpoints import Cursor
from syncengine.errors import CannotRun
from syncengine.records import Change, FieldChange, Held, Reject
from syncengine.state import Link, State
from syncengine.state.journal import KnownJob
from syncengine.values import Type

MONDAY = datetime(2026, 11, 23, 9, 30, 15, tzinfo=UTC)
MANY = 10_001


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a state that is not there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/sync.db"
    return str(request.getfixturevalue("postgres"))


@pytest.fixture
def state(url: str) -> Iterator[State]:
    with State.open(url) as opened:
        yield opened


def changed(number: int, **more: object) -> Change:
    fields = {"price": FieldChange(Decimal("19.90"), Decimal("21.00"), "erp changed")}
    settings: dict[str, object] = {"key": f"A-{number}", "record_id": str(number), "fields": fields} | more
    return Change(f"run-{number}", "store", "update", "product", **settings)  # type: ignore[arg-type]


def held(**more: object) -> Held:
    return replace(Held(0, "A-1", "name", "Mug", "Cup", "Pot", "both sides changed it"), **more)  # type: ignore[arg-type]


# Links


def test_a_link_comes_back_as_it_was_saved(state: State) -> None:
    saved = Link(
        erp_key="007",
        store_id="15/16",
        match_key="sku 1",
        base={"name": "Größe 🦆", "price": "19.9", "gone": None, "empty": "", "labels": ["b", "a"]},
        base_store={"name": "Groesse"},
        in_flight={"name": [["x", "y"], [None, ""]]},
        in_flight_since=MONDAY,
        erp_hash=-(2**63),
        store_hash=2**63 - 1,
        dirty=True,
        lost="store",
    )
    with state.transaction():
        state.links.add("job", [saved])
    assert state.links.by_identifier("job", "erp", ["007"]) == [saved]
    assert state.links.by_identifier("job", "store", ["15/16"]) == [saved]
    assert state.links.by_id("job", [saved.id or 0]) == [saved]
    assert list(state.links.paired("job")) == state.links.dirty("job") == state.links.awaiting("job") == [saved]


def test_more_ids_than_one_statement_takes_are_read_and_written_in_chunks(state: State) -> None:
    links = [Link(erp_key=f"A-{at}", store_id=str(at), match_key=f"m{at}", erp_hash=at) for at in range(MANY)]
    with state.transaction():
        state.links.add("job", links)
    ids = [one.id or 0 for one in links]
    assert len(set(ids)) == MANY
    keys = [f"A-{at}" for at in range(MANY)]
    assert state.links.hashes("job", "erp", keys) == {f"A-{at}": at for at in range(MANY)}
    assert [one.id for one in state.links.by_identifier("job", "erp", keys)] == ids
    assert len(state.links.by_id("job", ids)) == MANY
    assert state.links.count("job") == (MANY, 0)
    with state.transaction():
        state.links.mark_dirty(ids)
    assert len(state.links.dirty("job")) == MANY
    with state.transaction():
        state.links.drop(ids)
    assert state.links.count("job") == (0, 0)


def test_each_of_many_new_links_gets_the_id_of_its_own_row(state: State) -> None:
    links = [Link(erp_key=f"A-{at}") for at in range(MANY)]
    with state.transaction():
        state.links.add("job", links)
    assert {one.id: one.erp_key for one in state.links.by_id("job", [one.id or 0 for one in links])} == {
        one.id: one.erp_key for one in links
    }


def test_no_id_of_a_link_is_ever_given_again(state: State) -> None:
    """The ledger and the conflicts name links by their ids long after those are dropped."""
    first, second = [Link(erp_key="A")], [Link(erp_key="B")]
    with state.transaction():
        state.links.add("job", first)
        state.links.drop_all("job")
        state.links.add("job", second)
    assert second[0].id != first[0].id


def test_two_jobs_that_add_links_at_once_do_not_collide(url: str) -> None:
    with State.open(url) as one, State.open(url) as another:
        for job, state in (("a", one), ("b", another), ("a", one), ("b", another)):
            before = state.links.count(job)
            with state.transaction():
                state.links.add(job, [Link(erp_key=f"{job}-{before}")])
        assert one.links.count("a") == another.links.count("b") == (0, 2)


@pytest.mark.parametrize("side", ["erp_key", "store_id"])
def test_no_record_has_two_links_in_one_job(state: State, side: str) -> None:
    with state.transaction():
        state.links.add("job", [Link(**{side: "1"})])
        state.links.add("other job", [Link(**{side: "1"})])
    with pytest.raises(IntegrityError), state.transaction():
        state.links.add("job", [Link(**{side: "1"})])
    assert state.links.count("job") == (0, 1)


def test_a_link_that_lost_a_side_counts_neither_as_linked_nor_as_alone(state: State) -> None:
    lost, living = Link(erp_key="A", store_id="1", lost="erp"), Link(erp_key="B", store_id="2")
    with state.transaction():
        state.links.add("job", [lost, living, Link(erp_key="C")])
    assert state.links.count("job") == (1, 1)
    lost.lost = None
    with state.transaction():
        state.links.save([lost])
    assert state.links.count("job") == (2, 1)


def test_any_number_of_links_may_lack_a_side(state: State) -> None:
    with state.transaction():
        state.links.add("job", [Link(erp_key="A", match_key="a"), Link(erp_key="B", match_key="b"), Link(store_id="1")])
        state.links.add("job", [Link(store_id="2", match_key="a"), Link(erp_key="C", store_id="3", match_key="a")])
    assert state.links.count("job") == (1, 4)
    assert [one.erp_key for one in state.links.alone("job", "erp", ["a", "b"])] == ["A", "B"]
    assert [one.store_id for one in state.links.alone("job", "store", ["a"])] == ["2"]
    assert [one.erp_key for one in state.links.paired("job")] == ["C"]


def test_a_saved_link_replaces_all_that_it_held(state: State) -> None:
    link = Link(erp_key="A", base={"name": "x"}, in_flight={"name": [["y", "x"]]}, in_flight_since=MONDAY, dirty=True)
    with state.transaction():
        state.links.add("job", [link])
        link.store_id, link.dirty, link.in_flight = "7", False, {}
        link.account("name", "y", "z")
        state.links.save([link])
    (read,) = state.links.by_identifier("job", "store", ["7"])
    assert (read.base, read.base_store, read.in_flight, read.in_flight_since) == (
        {"name": "y"},
        {"name": "z"},
        {},
        None,
    )
    assert (state.links.dirty("job"), state.links.awaiting("job")) == ([], [])


def test_the_store_s_base_is_kept_only_where_it_differs() -> None:
    link = Link()
    link.account("name", "Mug", "Mug")
    assert (link.base, link.base_store) == ({"name": "Mug"}, {})
    link.account("name", "Mug", None)
    assert (link.base_of("erp", "name"), link.base_of("store", "name")) == ("Mug", None)
    link.account("name", None, None)
    assert (link.base, link.base_store, link.has_base("name")) == ({"name": None}, {}, True)


def test_forgotten_bases_take_the_row_hashes_with_them_and_leave_the_other_fields(state: State) -> None:
    link = Link(erp_key="A", store_id="1", base={"a": 1, "b": 2}, base_store={"a": 0}, erp_hash=1, store_hash=2)
    with state.transaction():
        state.links.add("job", [link])
        state.links.forget_bases("job", ["a"])
    (read,) = state.links.by_identifier("job", "erp", ["A"])
    assert (read.base, read.base_store, read.erp_hash, read.store_hash) == ({"b": 2}, {}, None, None)


def test_values_are_saved_as_short_json_that_people_can_read(state: State) -> None:
    with state.transaction():
        state.links.add("job", [Link(erp_key="A", base={"name": "Größe", "price": "19.9", "none": None, "empty": ""})])
    saved = state.connection.execute(text("SELECT base FROM link")).scalar_one()
    assert saved == '{"name":"Größe","price":"19.9","none":null,"empty":""}'


@pytest.mark.parametrize("odd", ["a\0b", "\0", "\ud83d", "\udcff x", "\x01\x1f", "'; --", "\\u0000", "💥" * 5_000])
def test_whatever_a_value_holds_comes_back(state: State, odd: str) -> None:
    link = Link(erp_key="A", base={"name": odd}, in_flight={"name": [[odd, odd]]})
    change = changed(1, fields={"name": FieldChange(odd, odd, "erp changed")})
    with state.transaction():
        state.links.add("job", [link])
        state.ledger.plan("job", "run", [change])
        state.journal.hold("job", link.id or 0, held(erp=odd, store=odd, base=odd))
    assert state.links.by_identifier("job", "erp", ["A"]) == [link]
    assert [(line.old, line.new) for line in state.ledger.history("A-1")] == [(odd, odd)]
    assert [(one.erp, one.store, one.base) for one in state.journal.conflicts()] == [(odd, odd, odd)]


def test_what_no_database_takes_as_text_is_shown_by_its_number_in_messages(state: State) -> None:
    change = changed(1)
    with state.transaction():
        state.ledger.plan("job", "run", [change])
        change.status, change.error = "failed", "the store said \0 and \ud83d"
        state.ledger.settle([change])
        state.journal.begin("run", "job", MONDAY)
        state.journal.end("run", "failed", "odd: \0", {})
        state.journal.replace_rejects("job", [Reject("erp", "a.csv:1", "k\0", "name", "not a number: '\ud83d\0'")])
    assert [line.error for line in state.ledger.history("A-1")] == ["the store said \\x00 and \\ud83d"]
    assert [one.reject.reason for one in state.journal.rejects("job")] == ["not a number: '\\ud83d\\x00'"]
    last = state.journal.last_run("job")
    assert last is not None and last.error == "odd: \\x00"


# The ledger


def test_a_change_is_in_the_ledger_before_it_is_sent_and_after(state: State) -> None:
    change = changed(1)
    with state.transaction():
        state.ledger.plan("job", "run", [change])
    assert state.ledger.has_open("job") and not state.ledger.has_open("another")
    assert state.ledger.unsettled("job", {}) == []
    with state.transaction():
        state.ledger.mark_sent([change])
    ((sent, when),) = state.ledger.unsettled("job", {"price": Type("money")})
    assert (sent.id, sent.key, sent.record_id, sent.status) == ("run-1", "A-1", "1", "sent")
    assert sent.fields == change.fields
    assert abs((datetime.now(UTC) - when).total_seconds()) < 60
    with state.transaction():
        change.status = "done"
        state.ledger.settle([change])
    assert not state.ledger.has_open("job")
    assert [line.status for line in state.ledger.history("A-1")] == ["done"]


def test_an_unsettled_create_names_no_record_until_its_outcome_says_which(state: State) -> None:
    created = changed(1, record_id=None)
    created.action = "create"
    with state.transaction():
        state.ledger.plan("job", "run", [created])
        state.ledger.mark_sent([created])
    ((read, _),) = state.ledger.unsettled("job", {})
    assert read.record_id is None
    with state.transaction():
        created.status, created.record_id = "done", "77"
        state.ledger.settle([created])
    assert [line.store_id for line in state.ledger.history("A-1")] == ["77"]


def test_differences_and_marks_are_read_back(state: State) -> None:
    change = changed(1, fields={"stock": FieldChange(5, 8, "erp changed by +3", 3)}, mark=True)
    with state.transaction():
        state.ledger.plan("job", "run", [change])
        state.ledger.mark_sent([change])
    ((read, _),) = state.ledger.unsettled("job", {"stock": Type("integer")})
    assert (read.mark, read.fields["stock"].difference) == (True, 3)


def test_what_was_planned_and_never_sent_is_superseded_with_a_reason(state: State) -> None:
    planned, sent = changed(1), changed(2)
    with state.transaction():
        state.ledger.plan("job", "run", [planned, sent])
        state.ledger.mark_sent([sent])
        state.ledger.supersede_planned("job", "the run was cut off")
    (line,) = state.ledger.history("A-1")
    assert (line.status, line.error) == ("superseded", "the run was cut off")
    assert [line.status for line in state.ledger.history("A-2")] == ["sent"]


def test_the_history_of_a_record_is_found_by_its_key_and_by_its_store_id(state: State) -> None:
    one, another = changed(1), changed(2, key=None, record_id="55")
    one.fields["price"].error = "the store kept nothing"
    with state.transaction():
        state.ledger.plan("job", "run", [one, another])
    ((by_key,), (by_id,)) = list(state.ledger.history("A-1")), list(state.ledger.history("store:1"))
    assert by_key == by_id
    assert (by_key.field, by_key.old, by_key.new, by_key.why) == ("price", "19.9", "21", "erp changed")
    assert by_key.error == "the store kept nothing"
    assert [line.store_id for line in state.ledger.history("store:55")] == ["55"]
    assert list(state.ledger.history("nobody")) == []


def test_the_history_of_an_erp_key_is_not_that_of_another_record_with_this_id_in_the_store(state: State) -> None:
    mine, other = changed(1, key="12", record_id="40"), changed(2, key="X-1", record_id="12")
    with state.transaction():
        state.ledger.plan("job", "run", [mine, other])
    assert [line.store_id for line in state.ledger.history("12")] == ["40"]
    assert [line.key for line in state.ledger.history("store:12")] == ["X-1"]
    assert list(state.ledger.history("40")) == []


def test_of_a_change_that_was_made_in_part_the_history_tells_each_field_by_itself(state: State) -> None:
    change = changed(1)
    change.fields["images"] = FieldChange([], ["a.png"], "erp changed")
    with state.transaction():
        state.ledger.plan("job", "run", [change])
        change.status, change.error, change.taken = "failed", "images: upload_error", True
        change.fields["images"].error = "upload_error"
        state.ledger.settle([change])
    told = {line.field: (line.status, line.error) for line in state.ledger.history("A-1")}
    assert told == {"price": ("done", ""), "images": ("failed", "upload_error")}


def test_what_was_in_flight_is_done_once_its_link_has_arrived(state: State) -> None:
    with state.transaction():
        flying = [changed(at, link=at, status="in-flight") for at in range(1, 4)]
        state.ledger.plan("job", "run", flying)
        state.ledger.settle(flying)
        state.ledger.arrived([1, 3])
    assert [next(state.ledger.history(f"A-{at}")).status for at in range(1, 4)] == ["done", "in-flight", "done"]


def test_a_failed_change_is_forgotten_once_a_later_one_of_that_side_worked(state: State) -> None:
    with state.transaction():
        for number, (link, status) in enumerate([(1, "failed"), (2, "failed"), (2, "done"), (3, "done")]):
            change = changed(number, link=link, status=status)
            state.ledger.plan("job", "run", [change])
            state.ledger.settle([change])
    assert state.ledger.failed_links("job") == {1}


# The journal


def test_a_held_field_keeps_its_number_and_its_day_while_its_values_move(state: State) -> None:
    with state.transaction():
        number = state.journal.hold("job", 1, held())
    ((before),) = state.journal.conflicts("job")
    with state.transaction():
        assert state.journal.hold("job", 1, held(erp="Beaker")) == number
        assert state.journal.hold("job", 2, held()) != number
    after = next(one for one in state.journal.conflicts("job") if one.id == number)
    assert after == replace(before, erp="Beaker")
    assert (after.key, after.store, after.base, after.why, after.answer) == (
        "A-1",
        "Cup",
        "Pot",
        "both sides changed it",
        None,
    )


def test_an_answer_is_kept_until_the_values_it_answered_move(state: State) -> None:
    with state.transaction():
        number = state.journal.hold("job", 1, held())
        assert state.journal.answer(number, {"take": "value", "value": "Glass"})
        assert not state.journal.answer(number + 1, {"take": "erp"})
    assert [one.answer for one in state.journal.conflicts()] == [{"take": "value", "value": "Glass"}]
    with state.transaction():
        state.journal.hold("job", 1, held(erp="moved"))
    assert [one.answer for one in state.journal.conflicts()] == [None]


def test_released_conflicts_are_gone_however_many_and_no_number_is_given_twice(state: State) -> None:
    with state.transaction():
        number = state.journal.hold("job", 1, held())
        state.journal.release(range(40_000))
        assert state.journal.hold("job", 2, held()) > number


def test_conflicts_of_a_job_whose_links_are_dropped_are_dropped_too(state: State) -> None:
    with state.transaction():
        state.journal.hold("job", 1, held())
        kept = state.journal.hold("other", 2, held())
        state.journal.release_all("job")
    assert [one.id for one in state.journal.conflicts()] == [kept]


def test_rejected_rows_keep_the_day_they_were_first_seen_for_as_long_as_they_stand(state: State) -> None:
    row = Reject("erp", "products.csv:18", "A-18", "price", "not a number: 'x'")
    moved = replace(row, where="products.csv:19")
    with state.transaction():
        state.journal.replace_rejects("job", [row])
        state.journal.replace_rejects("other", [row])
    (first,) = state.journal.rejects("job")
    with state.transaction():
        state.journal.replace_rejects("job", [moved, Reject("store", "product 5", None, None, "two records")])
    again, new = state.journal.rejects("job")
    assert (again.reject, again.first_seen) == (moved, first.first_seen)
    assert again.last_seen > first.last_seen and new.first_seen == new.last_seen
    with state.transaction():
        state.journal.replace_rejects("job", [])
    assert [one.job for one in state.journal.rejects()] == ["other"]


def test_a_checkpoint_is_what_was_saved_last_bytes_and_all(state: State) -> None:
    seen = os.urandom(3_000_000)
    assert state.journal.checkpoint("job", "erp").full is None
    with state.transaction():
        for rows in (1, 2):
            cursor = Cursor({"at": rows, "files": {"ä.csv": [1, None]}}, seen)
            state.journal.save_checkpoint("job", "erp", cursor, full=MONDAY, rows=rows)
    read = state.journal.checkpoint("job", "erp")
    assert (read.full, read.rows, state.journal.cursor("job", "erp")) == (MONDAY, 2, cursor)
    with state.transaction():
        state.journal.drop_checkpoints("job")
    assert state.journal.cursor("job", "erp") == Cursor()


def test_the_last_run_is_told_with_its_counts(state: State) -> None:
    assert state.journal.last_run("job") is None
    with state.transaction():
        state.journal.begin("r1", "job", MONDAY)
        state.journal.end("r1", "failed", "no answer", {"read": {"erp": 3}})
        state.journal.begin("r2", "job", MONDAY.replace(hour=10))
    running = state.journal.last_run("job")
    assert running is not None
    assert (running.run, running.status, running.finished, running.started.hour) == ("r2", "running", None, 10)


def test_a_job_is_known_by_its_systems_and_its_mapping(state: State) -> None:
    known = KnownJob("folder", "https://shop", {"": "1", "price": "2"})
    assert state.journal.known_job("job") is None
    with state.transaction():
        state.journal.know_job("job", replace(known, erp="another"))
        state.journal.know_job("job", known)
    assert state.journal.known_job("job") == known


# Opening, looking, trying out


def test_a_transaction_that_fails_leaves_nothing(state: State) -> None:
    with pytest.raises(ZeroDivisionError), state.transaction():
        state.links.add("job", [Link(erp_key="A")])
        raise ZeroDivisionError
    assert state.links.count("job") == (0, 0)


def test_what_one_connection_commits_another_sees(url: str) -> None:
    with State.open(url) as writer, State.look(url) as reader:
        with writer.transaction():
            writer.links.add("job", [Link(erp_key="A")])
        assert reader.links.count("job") == (0, 1)


def test_looking_at_a_state_that_is_not_there_finds_it_empty_and_makes_none(url: str, tmp_path: Path) -> None:
    for open_it in (State.look, State.try_out):
        with open_it(url) as looked:
            assert not looked.ledger.has_open("job")
            assert looked.journal.conflicts() == []
    assert list(tmp_path.iterdir()) == []


def test_a_state_that_is_looked_at_cannot_be_written(url: str) -> None:
    State.open(url).close()
    with State.look(url) as looked, pytest.raises(Exception, match=r"read-?only"), looked.transaction():
        looked.links.add("job", [Link(erp_key="A")])
    with State.look(url) as looked:
        assert looked.links.count("job") == (0, 0)


def test_what_is_tried_out_is_seen_there_and_nowhere_else(url: str) -> None:
    with State.open(url) as state, state.transaction():
        state.links.add("job", [Link(erp_key="A", base={"name": "x"}), Link(erp_key="B")])
        state.ledger.plan("job", "run", [changed(1)])
    with State.try_out(url) as trial, State.open(url) as real:
        with trial.transaction():
            link, other = trial.links.by_identifier("job", "erp", ["A", "B"])
            link.base = {"name": "tried"}
            trial.links.save([link])
            trial.links.drop([other.id or 0])
            trial.ledger.supersede_planned("job", "only a trial")
            trial.journal.drop_checkpoints("job")
        assert [one.base for one in trial.links.by_identifier("job", "erp", ["A", "B"])] == [{"name": "tried"}]
        assert not trial.ledger.has_open("job")
        assert real.links.count("job") == (0, 2) and real.ledger.has_open("job")
        with real.transaction():  # nothing of the trial stands in the way of a run
            real.links.drop_all("job")
            real.ledger.supersede_planned("job", "cut off")
    with State.look(url) as looked:
        assert looked.links.count("job") == (0, 0)


def test_a_copy_that_is_put_aside_can_be_written_while_the_state_stays_as_it_is(url: str) -> None:
    with State.open(url) as state:
        with state.transaction():
            state.links.add("job", [Link(erp_key="A", base={"name": "x"}), Link(erp_key="B")])
        for _ in range(2):
            with state.aside() as copy:
                with copy.transaction():
                    copy.links.drop([one.id or 0 for one in copy.links.by_identifier("job", "erp", ["A"])])
                assert (copy.links.count("job"), state.links.count("job")) == ((0, 1), (0, 2))
        with state.transaction():
            state.links.drop_all("job")


def test_what_is_only_tried_out_needs_no_copy_of_it(url: str) -> None:
    with State.open(url) as state, state.transaction():
        state.links.add("job", [Link(erp_key="A")])
    with State.try_out(url) as trial:
        with trial.transaction():
            trial.links.drop_all("job")
        with trial.aside() as copy:
            assert copy.links.count("job") == (0, 0)
        assert trial.links.count("job") == (0, 0)


# What is SQLite's own


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a folder #1" / "sync 50%.db"


@pytest.fixture
def made(file: Path) -> Path:
    file.parent.mkdir()
    with State.open(f"sqlite:///{file}") as state, state.transaction():
        state.links.add("job", [Link(erp_key="A", store_id="1", dirty=True)])
    return file


def test_what_is_committed_survives_a_power_cut_and_readers_do_not_wait(made: Path) -> None:
    with State.open(f"sqlite:///{made}") as state:
        assert state.connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert state.connection.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL


@pytest.mark.parametrize("open_it", [State.look, State.try_out])
def test_looking_leaves_the_file_byte_for_byte_and_nothing_beside_it(made: Path, open_it: type[State]) -> None:
    before = made.read_bytes()
    with open_it(f"sqlite:///{made}") as looked:  # type: ignore[operator]
        assert looked.links.count("job") == (1, 0)
    assert made.read_bytes() == before
    assert list(made.parent.iterdir()) == [made]


def test_links_are_counted_without_reading_any(made: Path) -> None:
    asked = []
    with State.look(f"sqlite:///{made}") as looked:
        event.listen(looked.engine, "before_cursor_execute", lambda *told: asked.append(told[2:4]))
        assert looked.links.count("job") == (1, 0)
        for query, values in list(asked):
            (plan,) = looked.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values).all()
            assert "COVERING INDEX" in plan[-1], query
    assert len(asked) > 2


def test_dirty_links_are_found_without_reading_all(made: Path) -> None:
    with State.look(f"sqlite:///{made}") as looked:
        plan = looked.connection.execute(text("EXPLAIN QUERY PLAN SELECT * FROM link WHERE job = 'job' AND dirty = 1"))
        assert "link_dirty" in str(plan.all())


@pytest.mark.parametrize("open_it", [State.open, State.look, State.try_out])
def test_a_file_that_is_no_state_is_named_with_where_to_set_it_right(tmp_path: Path, open_it: type[State]) -> None:
    folder, garbage = tmp_path / "folder", tmp_path / "garbage.db"
    folder.mkdir()
    garbage.write_text("ArtNr;Bezeichnung\n" * 500)
    for file, reason in ((folder, "it is a folder"), (garbage, "file is not a database")):
        with pytest.raises(CannotRun, match=rf"{file.name}.*{reason}.*\[state\] url"):
            open_it(f"sqlite:///{file}")  # type: ignore[operator]
    assert garbage.read_text() == "ArtNr;Bezeichnung\n" * 500


def test_a_damaged_file_is_told_without_the_values_that_were_to_be_written(tmp_path: Path) -> None:
    file, url = tmp_path / "sync.db", f"sqlite:///{tmp_path}/sync.db"

    def fill(state: State, start: int) -> None:
        with state.transaction():
            state.links.add("job", [Link(erp_key=f"Rosa Luft {start + at}", base={"n": at}) for at in range(2000)])

    with State.open(url) as state:
        fill(state, 0)
    pages = [4096 * at for at in range(1, file.stat().st_size // 4096)]
    with file.open("r+b") as damaged:
        for page in pages:
            damaged.seek(page)
            damaged.write(b"\xff" * 200)
    said = r"^the state is damaged \(database disk image is malformed\): restore it from a backup$"
    for open_it in (State.open, State.look, State.try_out):
        with pytest.raises(CannotRun, match=said), open_it(url) as state:
            state.connection.execute(text("SELECT * FROM link")).all()
    with pytest.raises(CannotRun, match=said), State.open(url) as state:
        fill(state, 5000)


def test_a_mistake_of_the_program_s_tells_no_values(url: str) -> None:
    with State.open(url) as state:
        state.links.add("job", [Link(erp_key="Rosa Luft")])
        with pytest.raises(IntegrityError) as caught:
            state.links.add("job", [Link(erp_key="Rosa Luft", base={"city": "Zwickau"})])
    assert "Zwickau" not in str(caught.value)


def test_a_folder_that_is_missing_or_takes_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match=f"there is no folder {tmp_path}/none"):
        State.open(f"sqlite:///{tmp_path}/none/sync.db")
    with pytest.raises(CannotRun, match="unable to open database file"):
        State.open("sqlite:////proc/sync.db")


def test_a_file_of_another_program_is_an_empty_state(tmp_path: Path) -> None:
    (tmp_path / "sync.db").touch()
    with State.look(f"sqlite:///{tmp_path}/sync.db") as looked:
        assert looked.links.count("job") == (0, 0)


def test_a_missing_driver_is_named_with_what_to_install() -> None:
    with pytest.raises(CannotRun, match=r"MySQLdb is not installed|pymysql is not installed"):
        State.open("mysql://nobody@localhost/none")


def test_a_password_is_never_shown() -> None:
    with pytest.raises(CannotRun) as told:
        State.open("postgresql+psycopg://me:secret@127.0.0.1:1/none")
    assert "secret" not in str(told.value) and "me:***@" in str(told.value)


WRITER = """
import os, signal, sys
from syncengine.state import Link, State

with State.open(sys.argv[1]) as state:
    for number in range(1000):
        with state.transaction():
            state.links.add("job", [Link(erp_key=f"A-{number}", store_id=str(number), dirty=True)])
            if number == 20:
                print("in the middle", flush=True)
                sys.stdin.read()
            state.links.save([Link(number + 1, f"A-{number}", str(number))])
"""


def test_a_writer_that_is_killed_leaves_all_that_it_committed_and_nothing_half_done(url: str) -> None:
    State.open(url).close()
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "in the middle\n"
        writer.send_signal(signal.SIGKILL)
    for open_it in (State.look, State.try_out, State.open):
        with open_it(url) as state:
            assert state.links.count("job") == (20, 0)
            assert state.links.dirty("job") == []
    with State.open(url) as state, state.transaction():
        state.links.add("job", [Link(erp_key="A-20", store_id="20")])


def test_a_file_whose_writer_was_killed_is_looked_at_without_being_tidied_up(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/sync.db"
    with State.open(url) as writer:
        with writer.transaction():
            writer.links.add("job", [Link(erp_key="A")])
        for name in ("sync.db", "sync.db-wal"):
            (tmp_path / f"killed-{name}").write_bytes((tmp_path / name).read_bytes())
    killed, log = tmp_path / "killed-sync.db", tmp_path / "killed-sync.db-wal"
    before = killed.read_bytes(), log.read_bytes()
    with State.look(f"sqlite:///{killed}") as looked:
        assert looked.links.count("job") == (0, 1)
    assert (killed.read_bytes(), log.read_bytes()) == before


# A state that an earlier version made


@pytest.fixture
def old(url: str) -> str:
    """A state as it was before links knew kinds and parents."""
    with State.open(url) as state, state.transaction():
        state.links.add("job", [Link(erp_key="A", store_id="1", base={"name": "Mug"})])
        state.journal.know_job("job", KnownJob("erp", "store", {"name": "text"}, {"name": ["erp"]}))
        for index in ("link_parent", "link_lost"):
            state.connection.execute(text(f"DROP INDEX {index}"))
        new = (
            ("link", "store_parent"),
            ("link", "unkept"),
            ("link", "erp_kind"),
            ("change", "kind"),
            ("job", "rights"),
        )
        for table, column in new:
            state.connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
        state.connection.execute(text("DROP TABLE reject"))
    return url


def test_a_run_brings_an_older_state_up_to_date_and_loses_nothing_of_it(old: str) -> None:
    with State.open(old) as state:
        (link,) = state.links.by_identifier("job", "erp", ["A"])
        assert (link.base, link.unkept, link.erp_kind) == ({"name": "Mug"}, False, None)
        assert state.journal.rejects("job") == []
        assert state.journal.known_job("job") == KnownJob("erp", "store", {"name": "text"}, {})
        assert state.links.count("job") == (1, 0)
        with state.transaction():
            state.ledger.plan("job", "run", [changed(1)])
    with State.open(old) as again:
        assert [line.status for line in again.ledger.history("A-1")] == ["planned"] * 1


def test_an_older_file_is_looked_at_without_being_touched(tmp_path: Path) -> None:
    path = tmp_path / "sync.db"
    with State.open(f"sqlite:///{path}") as state, state.transaction():
        state.links.add("job", [Link(erp_key="A", store_id="1")])
        state.connection.execute(text("ALTER TABLE link DROP COLUMN unkept"))
    before = path.read_bytes()
    with State.look(f"sqlite:///{path}") as looked:
        assert looked.links.count("job") == (1, 0)
        assert looked.links.by_identifier("job", "erp", ["A"])[0].unkept is False
    assert path.read_bytes() == before
