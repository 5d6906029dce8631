"""What the ERP gets: files to import, or its own file changed in place."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.system.project import Project
from tests.system.shop import Shop


def test_a_file_for_the_erp_appears_whole_and_is_in_flight_until_it_is_read_back(project: Project, shop: Shop) -> None:
    project.given("run")
    shop.edit_many({key: {"name": f"{key} im Laden"} for key in list(project.rows)[:12]})
    first_seen: dict[Path, bytes] = {}
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            for path in project.handed_over():
                if not path.name.startswith("."):
                    first_seen.setdefault(path, path.read_bytes())

    looker = threading.Thread(target=look)
    looker.start()
    try:
        run = project.sync("run", "--json")
    finally:
        ended.set()
        looker.join()
    assert {change["outcome"] for change in run.job["changes"]} == {"in-flight"}
    (file,) = project.handed_over()
    assert file.name == f"products-{run.job['run']}.csv"
    assert first_seen == {file: file.read_bytes()}
    lines = file.read_bytes().decode("cp1252").splitlines()
    assert lines[0] == "ArtNr;Bezeichnung;VK;Bestand;Gruppe;Regal"
    assert lines[1] == "A-001;A-001 im Laden;1,90;1;Gruppe 1;R1"
    assert len(lines) == 13

    waiting = project.given("run", "--json")
    assert waiting.job["changes"] == []
    assert project.handed_over() == [file]
    assert project.statuses()["in-flight"] == 12
    project.take_in()
    assert project.given("run", "--json").job["changes"] == []
    assert "in-flight" not in project.statuses()


def test_no_changes_no_file(project: Project) -> None:
    project.given("run")
    assert project.handed_over() == []


def test_in_place_changes_only_the_lines_that_it_must(project: Project, shop: Shop) -> None:
    project.write_to = "in-place"
    project.configure()
    project.given("run")
    before = project.source.read_bytes().splitlines(keepends=True)
    shop.edit("A-007", name="Übergröße; groß")
    assert project.sync("run").code == 0
    after = project.source.read_bytes().splitlines(keepends=True)
    assert after[7].decode("cp1252") == 'A-007;"Übergröße; groß";7,90;7;Gruppe 1;R7\r\n'
    assert [line for at, line in enumerate(after) if at != 7] == [line for at, line in enumerate(before) if at != 7]
    assert project.given("run", "--json").job["changes"] == []
