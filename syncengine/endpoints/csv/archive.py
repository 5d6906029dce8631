"""`archive_to`: files that have been read to their end and all of whose rows are settled are moved out of the way."""

from __future__ import annotations

from pathlib import Path

from syncengine.endpoints.csv.durable import make_durable
from syncengine.endpoints.csv.source import Source
from syncengine.errors import CannotRun

__all__ = ["put_away"]


def put_away(source: Source, folder: Path, to: str) -> None:
    """Move a file to `to` below the folder, for good; never over another. Raises CannotRun."""
    archive = folder / to
    if not archive.resolve().is_relative_to(folder.resolve()):
        raise CannotRun(f"{archive} leads out of the folder {folder}: files are moved only inside of it")
    try:
        _make(archive, folder)
        place = _free_place(archive, source.path)
        try:
            source.path.replace(place)
        except OSError:
            place.unlink()
            raise
    except OSError as error:
        raise CannotRun(
            f"{source.name} has been read to its end, and cannot be moved to {archive}: {error.strerror}; "
            "see to the permissions of both folders: the next run tries again"
        ) from error
    make_durable(archive)
    make_durable(source.path.parent)


def _make(archive: Path, folder: Path) -> None:
    if archive.is_dir():
        return
    archive.mkdir(parents=True)
    for above in archive.parents:
        make_durable(above)
        if above == folder:
            return


def _free_place(archive: Path, path: Path) -> Path:
    """An empty file of our own, under the file's name or with a number behind it: what is there is never replaced."""
    place, number = archive / path.name, 1
    while True:
        try:
            place.open("xb").close()
        except FileExistsError:
            number += 1
            place = archive / f"{path.stem}-{number}{path.suffix}"
        else:
            return place
