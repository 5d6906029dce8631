"""Files and folders that the user of a command may not write, or not even enter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.project import Project
from tests.system.shop import Shop


@pytest.fixture
def ordinary(project: Project) -> Iterator[Project]:
    """A project that has run, of a user whom permissions keep out."""
    project.mighty = False
    assert project.sync("run").code == 0
    yield project
    project.folder.chmod(0o755)  # what is left here is cleared away later
    for path in project.folder.rglob("*"):
        path.chmod(0o755)


def test_a_report_that_cannot_be_saved_is_found_before_the_run(ordinary: Project, shop: Shop) -> None:
    locked, hidden = ordinary.folder / "locked", ordinary.folder / "hidden"
    (hidden / "below").mkdir(parents=True)
    locked.mkdir()
    locked.chmod(0o555)
    hidden.chmod(0o600)
    ordinary.rows["A-007"]["VK"] = "1,11"
    ordinary.export()
    for report, told in (
        ("locked/r.html", f"this user may not write in the folder {locked} of the report r.html"),
        ("hidden/below/r.html", "no report can be saved as hidden/below/r.html: Permission denied"),
    ):
        ended = ordinary.sync("run", "--json", "--report", report)
        assert (ended.code, ended.out) == (2, "")
        assert told in ended.err
    assert shop.products()["A-007"]["regular_price"] == "7.90"


@pytest.mark.parametrize("command", ["status", "conflicts", "history A-001", "diff", "run"])
def test_a_state_that_one_can_only_read_says_whose_command_it_is(ordinary: Project, command: str) -> None:
    ordinary.state.chmod(0o444)
    ordinary.folder.chmod(0o555)
    ended = ordinary.sync(*command.split())
    assert ended.code == 3
    said = " ".join((ended.out + ended.err).split())
    assert "this user must be able to write it, and beside it" in said
    assert "run this as the user that the service runs as" in said
    assert "bug" not in said


def test_a_state_in_a_folder_that_cannot_be_entered_is_told(ordinary: Project) -> None:
    (ordinary.folder / "states").mkdir()
    ordinary.more = '[state]\nurl = "sqlite:///states/sync.db"\n'
    ordinary.configure()
    (ordinary.folder / "states").chmod(0o644)
    for command in ("status", "run", "diff"):
        ended = ordinary.sync(command)
        assert ended.code == 3
        assert "cannot be opened" in ended.out + ended.err
        assert "bug" not in ended.out + ended.err


def test_a_lock_of_another_user_is_told(ordinary: Project) -> None:
    (lock,) = ordinary.folder.glob("sync.db.products.lock")
    lock.chmod(0o444)
    ended = ordinary.sync("run", "--json")
    assert ended.code == 3
    assert f"the lock {lock} cannot be opened: Permission denied" in ended.job["error"]
    assert ordinary.sync("status").code == 0


def test_a_folder_for_the_import_that_cannot_be_entered_fails_the_change_until_it_can(
    ordinary: Project, shop: Shop
) -> None:
    shop.edit("A-007", name="Blau")
    folder = ordinary.folder / "erp" / "import"
    folder.chmod(0o644)
    for _ in range(2):
        ended = ordinary.sync("run", "--json")
        assert ended.code == 3
        assert str(folder) in ended.job["error"]
        assert "a bug" not in ended.out + ended.err
        (change,) = ended.job["changes"]
        assert (change["side"], change["outcome"]) == ("erp", "failed")
    folder.chmod(0o755)
    assert ordinary.sync("run").code == 0
    ordinary.take_in()
    assert ordinary.rows["A-007"]["Bezeichnung"] == "Blau"
