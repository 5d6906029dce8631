"""From settings to a run."""

from __future__ import annotations

from pathlib import Path

from syncengine.engine.job import Options
from syncengine.engine.start import run_one
from syncengine.mapping_file import load_mapping
from syncengine.settings_file import load_settings
from tests.running import MANY, Silent
from tests.system.project import Project


def test_runs_and_the_files_that_they_hand_over_sort_by_their_names(tmp_path: Path) -> None:
    """That these runs find nothing to read is all the same."""
    project = Project(tmp_path / "project", "http://127.0.0.1:9")
    settings = load_settings(project.folder / "config.toml")
    mapping = load_mapping(project.folder / "products.toml")
    runs = [
        run_one(settings, "products", mapping, options=Options(dry_run=True), guards=MANY, progress=Silent()).run
        for _ in range(12)
    ]
    assert sorted(set(runs)) == runs
