"""A folder of CSV files, looked at: is all of it there and readable, how is it written, has it the mapped columns."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from syncengine.endpoints.csv.deltas import DeltaPull
from syncengine.endpoints.csv.dialect import Dialect, MissingColumn, recognise
from syncengine.endpoints.csv.reader import CsvPull
from syncengine.endpoints.csv.source import IN_PLACE, Source, nothing_there
from syncengine.endpoints.csv.wants import Wants
from syncengine.endpoints.inspection import Sample, spread
from syncengine.errors import CannotRun
from syncengine.findings import Finding, mistake, note, obstacle, ok, place
from syncengine.mapping import Mapping
from syncengine.settings import CsvConnection
from syncengine.written import known

__all__ = ["FolderInspection"]

MOST_FILES, MOST_COLUMNS = 10, 100  # that are told one by one


class FolderInspection:
    """One folder, for one job. `pull` begins to read all of the job's files."""

    def __init__(
        self, connection: CsvConnection, mapping: Mapping, wants: Wants, pull: Callable[[], CsvPull | DeltaPull]
    ) -> None:
        self.about = str(connection.folder)
        self._connection = connection
        self._mapping = mapping
        self._wants = wants
        self._pull = pull

    def system(self, writes: bool) -> Iterator[Finding]:
        folder, table = self._connection.folder, f"[connections.{self._connection.name}]"
        if not folder.exists():
            yield obstacle("folder", f"there is no folder {folder}", f"create it, or set folder in {table}")
        elif not folder.is_dir():
            yield obstacle("folder", f"{folder} is not a folder", f"set folder in {table}")
        elif not os.access(folder, os.R_OK | os.X_OK):
            yield obstacle("folder", f"{folder} cannot be read", "give this user the right to list and enter it")
        else:
            yield ok("folder", "it is there, and can be read")

    def mapping(self) -> Iterator[Finding]:
        files = Source.locate_all(self._connection.folder, self._mapping)
        if not files and self._mapping.erp.complete:
            raise nothing_there(self._connection.folder, self._mapping)
        if not files:
            yield ok("files", f"no file matches {self._mapping.erp.resource} now: nothing was changed, or all is read")
        for source in files[-MOST_FILES:]:
            yield from self._columns(source)
        if len(files) > MOST_FILES:
            yield note("files", f"{len(files) - MOST_FILES:,} older files were not looked at one by one")
        yield from self._written(files)

    def sample(self, most: int) -> Sample:
        """From all over the files; every row is read once."""
        pull = self._pull()
        pages, seen = spread(pull, most)
        if pull.left:
            raise CannotRun(f"{self._mapping.erp.resource} is still being written: look again when it is complete")
        return Sample(pages, seen, pull.rejects)

    def _columns(self, source: Source) -> Iterator[Finding]:
        dialect, missing = self._header(source)
        bom = ", with a byte order mark" if dialect.bom else ""
        yield ok("file", f"{source.name}: {dialect.shown}{bom}, {len(dialect.header)} columns")
        for column in missing:
            fields = list(self._mapping.by_path("erp", column))
            what = f"fields.{fields[0].name}" if fields else "[erp]"
            where = place(self._mapping, fields[0]) if fields else self._place()
            yield mistake(
                what,
                f"{where}: {source.name} has no column {column!r}",
                known(column, list(dict.fromkeys(name for name in dialect.header if name))[:MOST_COLUMNS]),
            )
        if not missing:
            yield ok("columns", f"{source.name} has all {len(self._wants.needed)} of the mapped columns")

    def _header(self, source: Source) -> tuple[Dialect, list[str]]:
        """How the file is written, and which of the mapped columns it lacks. Raises BadSource."""
        needed, missing = list(self._wants.needed), list[str]()
        with source.open() as stream:
            while True:
                try:
                    return recognise(stream, source.name, self._connection, needed, ascii=False), missing
                except MissingColumn as error:
                    missing.append(error.column)
                    needed.remove(error.column)

    def _written(self, files: list[Source]) -> Iterator[Finding]:
        """Where changes for the ERP go: whether it can be written, told without writing."""
        write_to = self._mapping.erp.write_to
        if write_to is None:
            yield ok("write_to", "the ERP is only read")
        elif write_to == IN_PLACE:
            for source in files:
                closed = [path for path in (source.path, source.path.parent) if not os.access(path, os.W_OK)]
                if closed:
                    yield obstacle("write_to", f"{closed[0]} cannot be written", "give this user the right to write it")
                else:
                    yield ok("write_to", f"{source.name} can be written in place")
        else:
            yield self._open_for_files("write_to", Path(write_to).parent)
        if self._mapping.erp.archive_to is not None:
            yield self._open_for_files("archive_to", Path(self._mapping.erp.archive_to))

    def _open_for_files(self, what: str, inside: Path) -> Finding:
        """Whether files can be put into a folder, which the first of them makes where it is not there yet."""
        folder = self._connection.folder
        there = next(path for path in (folder / inside, *(folder / inside).parents) if path.exists())
        shown = folder.name if inside == Path() else inside.as_posix()
        if not there.is_dir():
            return obstacle(what, f"{there} is no folder, and files are to be put there", "move it away")
        if not os.access(there, os.W_OK | os.X_OK):
            return obstacle(what, f"{there} cannot be written", "give this user the right to write into it")
        if not there.resolve().is_relative_to(folder.resolve()):
            return obstacle(what, f"{there} leads out of the folder {folder}", "only files inside of it are written")
        return ok(what, f"files can be put into {shown}" + ("" if there == folder / inside else ", which is made then"))

    def _place(self) -> str:
        erp = self._mapping.erp
        return f"{self._mapping.file}:{erp.line}" if erp.line else self._mapping.file
