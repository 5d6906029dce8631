"""`write_to`: what is handed over to the ERP as new files."""

from __future__ import annotations

import itertools
import os
import warnings
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from syncengine.endpoints.csv import CsvEndpoint
from syncengine.errors import CannotRun, ConfigError
from syncengine.mapping import Field
from syncengine.records import FieldChange
from syncengine.values import Type
from tests.csv_files import FIELDS, RUN, Erp, Pulled, create, delete, update, write

TO = "import/products-{time}.csv"
FILE = "ArtNr;Name;VK;Lager\r\nA-1;a;1;5\r\n"
NEXT = "20261122T090000-0b0b"  # the run after RUN
SENT = [update("A-1", 1, name="x"), create("A-2", 2, name="y")]


def opened(tmp_path: Path, content: str = FILE, fields: Any = FIELDS, **options: Any) -> tuple[Erp, CsvEndpoint]:
    erp = Erp(tmp_path, fields, write_to=TO)
    erp.write(content, encoding=options.pop("written", "utf-8"))
    endpoint = Pulled(erp.open(**options)).endpoint
    return erp, endpoint


def written(erp: Erp, run: str = RUN) -> bytes:
    return (erp.folder / f"import/products-{run}.csv").read_bytes()


def visible(erp: Erp) -> list[str]:
    return sorted(path.name for path in (erp.folder / "import").glob("[!.]*"))


def hidden(erp: Erp) -> list[str]:
    return sorted(path.name for path in (erp.folder / "import").glob(".*"))


def killed(erp: Erp, endpoint: CsvEndpoint, call: str, nth: int = 1) -> None:
    """Send in a process of its own, which dies without a word where it calls `os.<call>` for the nth time."""
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # of threads; the child needs none
        child = os.fork()
    if child == 0:  # pragma: no cover
        left = itertools.count(nth - 1, -1)
        original = getattr(os, call)
        setattr(os, call, lambda *args, **more: original(*args, **more) if next(left) > 0 else os._exit(9))
        try:
            endpoint.send(SENT)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert visible(erp) == []


def test_changes_are_handed_over_in_one_new_file_named_by_the_run(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path, decimal=",")
    changes = [
        update("A-1", 1, name="Größe 5", record={"price": Decimal("1.5")}),
        create("A-2", 2, name='a;"b"\nc', price=Decimal("1234.50")),
    ]

    outcomes = endpoint.send(changes)

    assert [(found.status, found.record_id) for found in outcomes] == [("in-flight", "A-1"), ("in-flight", "A-2")]
    expected = 'ArtNr;Name;VK\r\nA-1;Größe 5;1,50\r\nA-2;"a;""b""\nc";1234,50\r\n'
    assert written(erp) == expected.encode()
    assert visible(erp) == [f"products-{RUN}.csv"]
    assert (endpoint.writable, endpoint.takes_later) == (True, True)


@pytest.mark.parametrize(("encoding", "bom"), [("utf-8", b"\xef\xbb\xbf"), ("utf-16-be", b"\xfe\xff"), ("cp1252", b"")])
def test_the_file_is_written_as_the_one_that_was_read(tmp_path: Path, encoding: str, bom: bytes) -> None:
    erp = Erp(tmp_path, write_to=TO)
    erp.write(bom + "ArtNr|Name|VK\rÄ|ö|1\r".encode(encoding))
    endpoint = Pulled(erp.open()).endpoint

    endpoint.send([update("Ä", name="x|y", price=None)])

    assert written(erp) == bom + 'ArtNr|Name|VK\rÄ|"x|y"|\r'.encode(encoding)


def test_of_several_files_the_last_that_tells_an_encoding_counts(tmp_path: Path) -> None:
    erp = Erp(tmp_path, write_to=TO, resource="export-*.csv")
    write(erp.folder / "export-1.csv", "ArtNr;Name;VK\nA-1;ö;1\n", encoding="cp1252")
    write(erp.folder / "export-2.csv", "ArtNr,Name,VK\nA-2,o,1\n")

    Pulled(erp.open()).endpoint.send([update("A-2", name="ü")])

    assert written(erp) == "ArtNr,Name,VK\nA-2,ü,\n".encode("cp1252")


def test_an_encoding_that_a_person_has_named_counts_more_than_one_that_was_told(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path, "ArtNr;Name;VK\nA-1;ö;1\n", written="cp1252")
    cursor = Pulled(endpoint).cursor()
    erp.write("ArtNr;Name;VK\nA-1;o;1\n")

    Pulled(erp.open(encoding="cp850"), cursor).endpoint.send([update("A-1", name="ü")])

    assert written(erp) == "ArtNr;Name;VK\nA-1;ü;\n".encode("cp850")


def test_the_dialect_is_known_though_the_file_was_unchanged_or_not_pulled(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path, "ArtNr\tName\tVK\nÄ\tb\t1\n", written="cp1252")
    cursor = Pulled(endpoint).cursor()

    Pulled(first := erp.open(run="20260101T000000-aaaa"), cursor)
    first.send([update("Ä", name="ö")])
    erp.open(run="20260101T000000-bbbb").send([update("Ä", name="ö")])

    assert written(erp, "20260101T000000-aaaa") == "ArtNr\tName\tVK\nÄ\tö\t\n".encode("cp1252")
    assert written(erp, "20260101T000000-bbbb") == written(erp, "20260101T000000-aaaa")


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)

    endpoint.send([update("A-1", name="first")])
    endpoint.send([update("A-1", name="second")])

    assert b"first" in written(erp)
    assert b"second" in written(erp, f"{RUN}02")
    assert visible(erp) == [f"products-{RUN}.csv", f"products-{RUN}02.csv"]  # as an import by name takes them


def test_what_the_erp_has_not_taken_yet_is_known_by_its_run(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)
    for change in SENT:
        endpoint.send([change])
    (erp.folder / f"import/products-{RUN}.csv").unlink()
    later = erp.open(run=NEXT)
    assert later.not_taken({RUN, NEXT}) == {RUN}
    (erp.folder / f"import/products-{RUN}02.csv").unlink()
    assert later.not_taken({RUN, NEXT}) == set()


def test_no_changes_make_no_file(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)

    assert endpoint.send([]) == []
    assert not (erp.folder / "import").exists()


def test_numbers_that_are_summed_are_handed_over_as_signed_differences(tmp_path: Path) -> None:
    stock = Field("stock", "Lager", "stock_quantity", Type("integer"), truth="sum", by_difference=True)
    erp, endpoint = opened(tmp_path, fields=[*FIELDS[:2], stock])

    endpoint.send(
        [
            update("A-1", 1, stock=FieldChange(5, 8, "", 3), record={"name": "a"}),
            update("A-2", 2, stock=FieldChange(5, 3, "", -2), record={"name": "b"}),
            update("A-3", 3, name="c", record={"stock": 5}),
            create("A-4", 4, name="d", stock=7),
        ]
    )

    assert written(erp).decode().split() == ["ArtNr;Name;Lager", "A-1;a;+3", "A-2;b;-2", "A-3;c;0", "A-4;d;+7"]


def test_a_column_that_fields_share_is_written_by_the_one_that_may(tmp_path: Path) -> None:
    fields = [Field("label", "Name", "meta:label", only_to="store"), *FIELDS]
    erp, endpoint = opened(tmp_path, fields=fields)

    endpoint.send([update("A-1", name="right", record={"label": "wrong"})])

    assert written(erp).decode().split() == ["ArtNr;Name;VK", "A-1;right;"]


def test_the_parent_of_a_record_has_its_column(tmp_path: Path) -> None:
    erp = Erp(tmp_path, parent="Vater", write_to=TO)
    erp.write("Vater;ArtNr;Name;VK\n;A-1;a;1\n")
    endpoint = Pulled(erp.open()).endpoint
    child, other, alone = update("A-1", 1, name="x"), create("A-2", 2, name="y"), update("A-3", 3, name="z")
    child.parent, other.parent = "P-1", "P-2"

    endpoint.send([child, other, alone])

    assert written(erp).decode().split() == ["ArtNr;Name;VK;Vater", "A-1;x;;P-1", "A-2;y;;P-2", "A-3;z;;"]


def test_a_parent_that_the_encoding_has_not_fails_alone(tmp_path: Path) -> None:
    erp = Erp(tmp_path, parent="Vater", write_to=TO)
    erp.write("Vater;ArtNr;Name;VK\n;A-1;a;1\n")
    change = update("A-1", 1, name="x")
    change.parent = "ネジ"

    [outcome] = Pulled(erp.open(encoding="cp1252")).endpoint.send([change])
    assert (outcome.status, outcome.error) == ("failed", "Vater: 'ネ' cannot be written in cp1252")


def test_values_are_spelled_in_the_words_of_the_erp(tmp_path: Path) -> None:
    fields = [
        FIELDS[0],
        Field("status", "Name", "status", translations={"J": "publish", "N": "draft"}),
        Field("since", "VK", "meta:since", Type("date")),
        Field("tags", "Lager", "tags", Type("list")),
    ]
    erp, endpoint = opened(tmp_path, fields=fields, date_format="%d.%m.%Y")

    outcomes = endpoint.send(
        [
            update("A-1", 1, status="draft", since=date(2026, 11, 21), tags=["a", "b"]),
            update("A-2", 2, status="private"),
        ]
    )

    assert written(erp).decode().split() == ["ArtNr;Name;VK;Lager", "A-1;N;21.11.2026;a|b"]
    assert [found.status for found in outcomes] == ["in-flight", "failed"]
    assert "no word for 'private'" in outcomes[1].error


def test_a_value_that_the_encoding_has_not_fails_alone(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path, encoding="cp1252")

    outcomes = endpoint.send([update("A-1", 1, name="ネジ"), update("A-2", 2, name="5 €"), update("A-3", 3, name="\0")])

    assert [found.status for found in outcomes] == ["failed", "in-flight", "failed"]
    assert outcomes[0].error == "Name: 'ネ' cannot be written in cp1252"
    assert written(erp) == "ArtNr;Name;VK\r\nA-2;5 €;\r\n".encode("cp1252")


def test_what_a_file_cannot_say_fails(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)
    outcomes = endpoint.send([delete("A-1", 1), create("", 2, name="x")])

    assert [found.status for found in outcomes] == ["failed", "failed"]
    assert "deleted" in outcomes[0].error
    assert "no key" in outcomes[1].error
    assert not (erp.folder / "import").exists()


def test_nothing_half_written_is_ever_in_sight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    erp, endpoint = opened(tmp_path)
    seen: list[list[str]] = []
    fsync = os.fsync

    def look(descriptor: int) -> None:
        seen.append([path.name for path in (erp.folder / "import").glob("*.csv")])
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    endpoint.send([update("A-1", name="x")])

    # The file, the folder, the receipt, the folder; then the folder with the file in it.
    assert seen == [[], [], [], [], [f"products-{RUN}.csv"]]


def test_a_full_disk_stops_the_job_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    erp, endpoint = opened(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotRun, match="No space left"):
        endpoint.send([update("A-1", name="x")])
    assert list((erp.folder / "import").iterdir()) == []


def test_what_a_killed_run_left_behind_is_removed_and_nothing_else(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)
    stale = write(erp.folder / "import/.products-20250101T000000-dead.csv.products.tmp", "half")
    names = (
        "import/.other.products.tmp",
        "import/products-old.csv",
        ".x.csv.products.tmp",
        "import/.products-20250101T000000-dead.csv.customers.tmp",
        "import/.products-20250101T000000-dead.csv.customers.sent",
    )
    kept = [write(erp.folder / name, "x") for name in names]

    endpoint.send([update("A-1", name="x")])

    assert not stale.exists()
    assert all(path.exists() for path in kept)


def test_the_folder_of_the_file_must_lie_inside(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)
    (tmp_path / "outside").mkdir()
    (erp.folder / "import").symlink_to(tmp_path / "outside")

    with pytest.raises(CannotRun, match="leads out of the folder"):
        endpoint.send([update("A-1", name="x")])
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_pattern_without_the_time_is_an_error_of_the_mapping(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\{time\}"):
        Erp(tmp_path, write_to="import/products.csv").open()


def test_a_run_that_only_looks_never_writes(tmp_path: Path) -> None:
    erp, _ = opened(tmp_path)

    with pytest.raises(CannotRun, match="may not write"):
        erp.open(read_only=True).send([update("A-1", name="x")])


def test_an_erp_that_is_only_read_is_not_writable(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    erp.write(FILE)

    assert (erp.open().writable, erp.open().takes_later) == (False, False)
    with pytest.raises(CannotRun, match="may not write"):
        erp.open().send([update("A-1", name="x")])


def test_there_is_nothing_to_create_first_and_no_mark_to_find(tmp_path: Path) -> None:
    _, endpoint = opened(tmp_path)

    assert endpoint.prerequisites([update("A-1", name="x")]) == []
    assert endpoint.find_marked([update("A-1", name="x")]) == {}
    endpoint.close()


@pytest.mark.parametrize("taken", [False, True], ids=["and is still there", "and was taken away by the ERP"])
def test_after_a_crash_one_can_tell_that_a_file_was_handed_over(tmp_path: Path, taken: bool) -> None:
    erp, endpoint = opened(tmp_path)
    failed, never_sent = create("", 3, name="no key"), update("A-4", 4, name="z")
    endpoint.send([*SENT, failed])
    if taken:
        (erp.folder / f"import/products-{RUN}.csv").unlink()

    assert erp.open(run=NEXT).find_marked([*SENT, failed, never_sent]) == {"c1": "A-1", "c2": "A-2"}


@pytest.mark.parametrize(
    ("call", "nth", "left"),
    [
        ("mkdir", 1, []),
        ("fsync", 1, ["tmp"]),
        ("fsync", 3, ["sent", "tmp"]),
        ("replace", 1, ["sent", "tmp"]),
    ],
    ids=["before the file", "while it wrote the file", "while it wrote the receipt", "before the file got its name"],
)
def test_what_a_killed_run_did_not_hand_over_is_known(tmp_path: Path, call: str, nth: int, left: list[str]) -> None:
    erp, endpoint = opened(tmp_path)

    killed(erp, endpoint, call, nth)

    assert hidden(erp) == [f".products-{RUN}.csv.products.{ending}" for ending in left]
    assert erp.open(run=NEXT).find_marked(SENT) == {}


def test_each_file_of_a_run_has_its_own_receipt_though_the_erp_takes_them_at_once(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)
    for change in SENT:
        endpoint.send([change])
        for name in visible(erp):
            (erp.folder / "import" / name).unlink()

    assert hidden(erp) == [f".products-{RUN}.csv.products.sent", f".products-{RUN}02.csv.products.sent"]
    assert erp.open(run=NEXT).find_marked(SENT) == {"c1": "A-1", "c2": "A-2"}


def test_a_file_that_could_not_get_its_name_leaves_no_receipt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    erp, endpoint = opened(tmp_path)

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", denied)
    with pytest.raises(CannotRun, match="Permission denied"):
        endpoint.send(SENT)
    assert hidden(erp) == []


def test_an_interrupt_right_after_the_file_got_its_name_leaves_the_receipt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, endpoint = opened(tmp_path)
    replace = Path.replace

    def interrupted(path: Path, target: Path) -> None:
        replace(path, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        endpoint.send(SENT)
    assert endpoint.find_marked(SENT) == {"c1": "A-1", "c2": "A-2"}


def test_receipts_are_removed_when_a_later_run_hands_something_over(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)
    endpoint.send(SENT)
    endpoint.send(SENT)

    later = erp.open(run=NEXT)
    later.send(SENT)
    later.send(SENT)

    assert hidden(erp) == [f".products-{NEXT}.csv.products.sent", f".products-{NEXT}02.csv.products.sent"]
    assert len(visible(erp)) == 4


def test_the_leavings_of_a_killed_run_are_removed_by_the_next_that_hands_something_over(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)
    killed(erp, endpoint, "replace")

    erp.open(run=NEXT).send(SENT)

    assert hidden(erp) == [f".products-{NEXT}.csv.products.sent"]


def test_receipts_are_found_wherever_the_time_stands_in_the_name(tmp_path: Path) -> None:
    erp = Erp(tmp_path, write_to="to [erp]/{time}/products.csv")
    erp.write(FILE)
    Pulled(erp.open()).endpoint.send(SENT)
    receipt = erp.folder / f"to [erp]/{RUN}/.products.csv.products.sent"

    assert receipt.exists()
    assert erp.open(run=NEXT).find_marked(SENT) == {"c1": "A-1", "c2": "A-2"}
    erp.open(run=NEXT).send(SENT)
    assert not receipt.exists()


def test_a_receipt_is_never_read_as_input(tmp_path: Path) -> None:
    erp = Erp(tmp_path, resource="*", write_to="products-{time}.csv")
    erp.write(FILE)
    Pulled(erp.open()).endpoint.send(SENT)

    assert (erp.folder / f".products-{RUN}.csv.products.sent").exists()
    assert Pulled(erp.open(run=NEXT)).ids == ["A-1"]


def test_a_receipt_that_cannot_be_read_stops_the_job(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)
    write(erp.folder / f"import/.products-{RUN}.csv.products.sent", "{")

    with pytest.raises(CannotRun, match=r"\.sent, which tells what products-.* has handed over, cannot be read"):
        endpoint.find_marked(SENT)


def test_a_dry_run_asks_but_leaves_nothing_and_removes_nothing(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)
    endpoint.send(SENT)
    before = visible(erp) + hidden(erp)
    looking = erp.open(run=NEXT, read_only=True)

    with pytest.raises(CannotRun, match="may not write"):
        looking.send(SENT)
    assert looking.find_marked(SENT) == {"c1": "A-1", "c2": "A-2"}
    assert visible(erp) + hidden(erp) == before


def test_the_file_itself_is_compared_by_its_values(tmp_path: Path) -> None:
    erp = Erp(tmp_path, write_to="in-place")
    erp.write(FILE)

    assert erp.open().find_marked(SENT) == {}
    assert [path.name for path in erp.folder.iterdir()] == ["products.csv"]
