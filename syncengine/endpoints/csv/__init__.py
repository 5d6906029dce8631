"""CSV files as an endpoint: a folder into which an ERP writes a file and from which it picks files up."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from syncengine.endpoints import Cursor, Endpoint, Page, View
from syncengine.endpoints.csv.deltas import DeltaPull
from syncengine.endpoints.csv.dialect import Dialect, usual
from syncengine.endpoints.csv.inspect import FolderInspection
from syncengine.endpoints.csv.order_lines import cells_of_lines
from syncengine.endpoints.csv.outbox import Outbox
from syncengine.endpoints.csv.reader import CsvPull
from syncengine.endpoints.csv.resource import Resource
from syncengine.endpoints.csv.rewriter import Rewriter
from syncengine.endpoints.csv.source import IN_PLACE, PATIENCE, check_inside
from syncengine.endpoints.csv.wants import Wants
from syncengine.errors import CannotRun, ConfigError, Problem
from syncengine.records import Change, Outcome
from syncengine.settings import Connection, CsvConnection
from syncengine.values import Value, is_empty, match_key, same

__all__ = ["CsvEndpoint", "open_endpoint"]

ALL = 1_000_000_000


def open_endpoint(connection: Connection, view: View) -> CsvEndpoint:
    """The endpoint of a `type = "csv"` connection. Raises ConfigError for paths and names that cannot be."""
    if not isinstance(connection, CsvConnection):
        raise TypeError(f"not a CSV connection: {connection!r}")
    endpoint = CsvEndpoint(connection, view)
    endpoint.look_ahead()
    return endpoint


class CsvEndpoint(Endpoint):
    """The files of a mapping and, if it writes the ERP, the folder for files to import or the file itself."""

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
        self._wants = Wants.of(view.mapping, connection)
        self.format = self._wants.formulas.format
        self.writable = erp.write_to is not None
        self.takes_later = self.writable and erp.write_to != IN_PLACE
        self._connection, self._view = connection, view
        self._resource = Resource(view.mapping, connection, self._wants, self.format, patience)
        self._latest: CsvPull | DeltaPull | None = None
        self._cursor = Cursor()
        self._outbox = Outbox(connection.folder, view, self._wants.formulas)
        self._rewriter = Rewriter(view.mapping, self._wants, self.format)

    def look_ahead(self) -> None:
        """Begin to look at the files, beside whatever comes before they are pulled."""
        self._resource.ahead.begin(self._resource.sources)

    def identity(self) -> str:
        return f"csv:{self._resource.name}"

    def pull(self, cursor: Cursor, wanted: Collection[str], *, full: bool) -> CsvPull | DeltaPull:
        pull = self._pull(cursor, wanted, full=full)
        self._latest, self._cursor = pull, cursor
        return pull

    def fetch(self, ids: Collection[str]) -> Iterator[Page]:
        if not ids:
            return
        sought = frozenset(ids)
        for page in self._all(self._pull(self._cursor, ids, full=False, only_wanted=True)):
            yield from _some(page, [at for at, name in enumerate(page.ids) if name in sought])

    def find(self, path: str, values: Collection[str]) -> Iterator[Page]:
        sought = {match_key(value) for value in values} - {""}
        if not sought:
            return
        if path not in self._wants.columns:
            raise ValueError(f"no field is mapped to the column {path!r}")
        for page in self._all(self._pull(self._cursor, (), full=True)):
            cells = enumerate(page.cells[path])
            yield from _some(page, [at for at, cell in cells if cell and match_key(cell) in sought])

    def refusal(self, path: str, value: Value) -> str:
        for field in self._view.mapping.by_path("erp", path):
            if not field.goes_to("erp"):
                continue
            try:
                if field.lines is not None:
                    cells_of_lines(field.lines, value, self.format)
                    continue
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
        if self.takes_later:
            return self._outbox.send(changes, self._dialect())
        source, latest = self._resource.only(), self._latest
        read, dialect = (latest.digest, latest.dialect) if isinstance(latest, CsvPull) else (None, None)
        return self._rewriter.send(changes, source, read, dialect or self._resource.dialect(source))

    def find_marked(self, changes: Sequence[Change]) -> dict[str, str]:
        """Those that stand in a file that was handed over. What is written in place is compared by its values."""
        return self._outbox.handed_over(changes) if self.takes_later else {}

    def not_taken(self, runs: Collection[str]) -> set[str]:
        return self._outbox.not_taken(runs)

    def inspect(self) -> FolderInspection:
        return FolderInspection(
            self._connection, self._view.mapping, self._wants, lambda: self._pull(Cursor(), (), full=True)
        )

    def close(self) -> None:
        self._resource.ahead.close()

    def _pull(
        self, cursor: Cursor, wanted: Collection[str], *, full: bool, only_wanted: bool = False
    ) -> CsvPull | DeltaPull:
        """Files with changes say nothing about other records; a file that is changed in place holds the records."""
        if self._view.mapping.erp.complete or self._view.mapping.erp.write_to == IN_PLACE:
            return CsvPull(self._resource, cursor, wanted=wanted, full=full)
        return DeltaPull(self._resource, cursor, wanted=wanted, full=full, only_wanted=only_wanted)

    def _all(self, pull: CsvPull | DeltaPull) -> Iterator[Page]:
        yield from pull
        if pull.left:
            raise CannotRun(f"{self.identity()}: the file is still being written; try again when it is complete")

    def _dialect(self) -> Dialect:
        """How files for the ERP are to be written: as the last one that was read, or as the last that is there."""
        if self._latest is not None and self._latest.dialect is not None:
            return self._latest.dialect
        sources = self._resource.sources()
        return self._resource.dialect(sources[-1]) if sources else usual(self._connection, self._outbox.columns)


def _some(page: Page, rows: list[int]) -> Iterator[Page]:
    """Some rows of a page, if any are chosen."""
    if rows:
        yield page.only(rows)
