"""CSV files as an endpoint: a folder into which an ERP writes a file and from which it picks files up."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from syncengine.endpoints import Cursor, Endpoint, Page, View
from syncengine.endpoints.csv.dialect import Dialect, recognise
from syncengine.endpoints.csv.outbox import Outbox
from syncengine.endpoints.csv.reader import CsvPull
from syncengine.endpoints.csv.rewriter import Rewriter
from syncengine.endpoints.csv.scan import Wants
from syncengine.endpoints.csv.source import IN_PLACE, PATIENCE, Source, check_inside
from syncengine.errors import CannotRun, ConfigError, Problem
from syncengine.records import Change, Outcome
from syncengine.settings import Connection, CsvConnection
from syncengine.values import Format, Value, is_empty, match_key, same

__all__ = ["CsvEndpoint", "open_endpoint"]

ALL = 1_000_000_000


def open_endpoint(connection: Connection, view: View) -> CsvEndpoint:
    """The endpoint of a `type = "csv"` connection. Raises ConfigError for paths and names that cannot be."""
    if not isinstance(connection, CsvConnection):
        raise TypeError(f"not a CSV connection: {connection!r}")
    return CsvEndpoint(connection, view)


class CsvEndpoint(Endpoint):
    """One CSV file and, if the mapping writes the ERP, the folder for files to import or the file itself."""

    batch_size = ALL  # one file for all changes of a run
    concurrency = 1
    settle = 0.0
    requests = 0

    def __init__(self, connection: CsvConnection, view: View, *, patience: float = PATIENCE) -> None:
        erp = view.mapping.erp
        check_inside("resource", erp.resource, view.mapping)
        if erp.write_to is not None and erp.write_to != IN_PLACE:
            check_inside("write_to", erp.write_to, view.mapping)
            if "{time}" not in erp.write_to:
                raise ConfigError(
                    Problem(
                        view.mapping.file,
                        view.mapping.erp.line,
                        f"erp.write_to: {erp.write_to!r} would be the same file in each run",
                        'write it with {time}, as in "import/products-{time}.csv"',
                    )
                )
        self.format = Format(
            text=True,
            decimal=connection.decimal,
            thousands=connection.thousands,
            date_format=connection.date_format,
            timezone=connection.timezone,
        )
        self.writable = erp.write_to is not None
        self.takes_later = self.writable and erp.write_to != IN_PLACE
        self._connection, self._view, self._patience = connection, view, patience
        self._wants = Wants.of(view.mapping, connection)
        self._latest: CsvPull | None = None
        self._cursor = Cursor()
        self._outbox = Outbox(connection.folder, view, self.format)
        self._rewriter = Rewriter(view.mapping, self._wants, self.format)

    def identity(self) -> str:
        return f"csv:{self._connection.folder.name}/{self._view.mapping.erp.resource}"

    def pull(self, cursor: Cursor, wanted: Collection[str], *, full: bool) -> CsvPull:
        pull = self._pull(cursor, wanted, full=full)
        self._latest, self._cursor = pull, cursor
        return pull

    def fetch(self, ids: Collection[str]) -> Iterator[Page]:
        if not ids:
            return
        sought = frozenset(ids)
        for page in self._all(self._pull(self._cursor, ids, full=False)):
            yield from _some(page, [name in sought for name in page.ids])

    def find(self, path: str, values: Collection[str]) -> Iterator[Page]:
        sought = {match_key(value) for value in values} - {""}
        if not sought:
            return
        if path not in self._wants.columns:
            raise ValueError(f"no field is mapped to the column {path!r}")
        for page in self._all(self._pull(Cursor(), (), full=True)):
            yield from _some(page, [bool(cell) and match_key(cell) in sought for cell in page.cells[path]])

    def refusal(self, path: str, value: Value) -> str:
        for field in self._view.mapping.by_path("erp", path):
            if not field.goes_to("erp"):
                continue
            try:
                cell = str(field.write("erp", value, self.format))
                back = field.read("erp", cell, self.format)
            except ValueError as error:
                return str(error)
            if "\0" in cell:
                return "a NUL character cannot stand in a CSV file"
            if not is_empty(value) and not same(back, value):
                return f"{cell!r} would be read back as {back!r}"
        return ""

    def normal(self, path: str, value: Value) -> Value:
        """As it is: what would be read back as another value is refused."""
        return value

    def prerequisites(self, changes: Sequence[Change]) -> list[Change]:
        return []

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        """Write all changes: into a new file for the import, or into the file itself.

        Raises Moved if the file is not the one that was pulled, CannotRun if it cannot be written.
        """
        if self._view.read_only or not self.writable:
            raise CannotRun(f"{self.identity()}: this run may not write to the ERP")
        if not changes:
            return []
        source = Source.locate(self._connection.folder, self._view.mapping)
        if self.takes_later:
            return self._outbox.send(changes, self._dialect(source))
        return self._rewriter.send(
            changes, source, self._latest.version if self._latest else None, self._dialect(source)
        )

    def find_marked(self, changes: Sequence[Change]) -> dict[str, str]:
        """Those that stand in a file that was handed over. What is written in place is compared by its values."""
        return self._outbox.handed_over(changes) if self.takes_later else {}

    def close(self) -> None:
        """Nothing stays open."""

    def _pull(self, cursor: Cursor, wanted: Collection[str], *, full: bool) -> CsvPull:
        return CsvPull(
            Source.locate(self._connection.folder, self._view.mapping),
            self._wants,
            self._connection,
            self.format,
            cursor,
            wanted=wanted,
            full=full,
            holds_all=self._view.mapping.erp.complete,
            patience=self._patience,
        )

    def _all(self, pull: CsvPull) -> Iterator[Page]:
        yield from pull
        if pull.left:
            raise CannotRun(f"{self.identity()}: the file is still being written; try again when it is complete")

    def _dialect(self, source: Source) -> Dialect:
        """How the file is written that was pulled, or is there now."""
        if self._latest is not None and self._latest.version is not None:
            return self._latest.version.dialect
        with source.open() as stream:
            return recognise(stream, source.name, self._connection, self._wants.needed)


def _some(page: Page, keep: list[bool]) -> Iterator[Page]:
    """The rows of a page that are to be kept; no page if there is none."""
    at = [row for row, kept in enumerate(keep) if kept]
    if at:
        yield Page(
            ids=[page.ids[row] for row in at],
            where=[page.where[row] for row in at],
            cells=page.cells.iloc[at].reset_index(drop=True),
            modified=[page.modified[row] for row in at] if page.modified else None,
        )
