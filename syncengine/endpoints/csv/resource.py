"""The files of one mapping, and how each of them is read."""

from __future__ import annotations

from dataclasses import dataclass, field

from syncengine.endpoints.csv.archive import put_away
from syncengine.endpoints.csv.aside import Aside
from syncengine.endpoints.csv.content import Ahead, Content
from syncengine.endpoints.csv.dialect import Dialect, MissingColumn, recognise
from syncengine.endpoints.csv.habits import Habit
from syncengine.endpoints.csv.index import Hashes, Index
from syncengine.endpoints.csv.scan import Scan
from syncengine.endpoints.csv.source import IN_PLACE, Source
from syncengine.endpoints.csv.wants import Wants
from syncengine.errors import GuardStopped
from syncengine.mapping import Mapping
from syncengine.settings import CsvConnection
from syncengine.values import Format

__all__ = ["Resource"]


@dataclass(frozen=True, slots=True)
class Resource:
    """`patience` is for how many seconds a file is waited for that somebody is writing."""

    mapping: Mapping
    connection: CsvConnection
    wants: Wants
    format: Format
    patience: float
    ahead: Ahead = field(default_factory=Ahead)

    @property
    def name(self) -> str:
        return f"{self.connection.folder.name}/{self.mapping.erp.resource}"

    def only(self) -> Source:
        """The one file there is. Raises BadSource or CannotRun."""
        return Source.locate(self.connection.folder, self.mapping)

    def sources(self) -> list[Source]:
        """All files that are there, in the order of their names; what is changed in place must be one file.

        Raises BadSource or CannotRun.
        """
        if self.mapping.erp.write_to == IN_PLACE:
            return [self.only()]
        return Source.locate_all(self.connection.folder, self.mapping)

    def dialect(self, source: Source, *, ascii: bool | None = None) -> Dialect:
        with source.open() as stream:
            return recognise(stream, source.name, self.connection, self.wants.needed, ascii=ascii)

    def scan(
        self, content: Content, before: Habit | None, index: Index, wanted: Hashes, aside: Aside, *, others: bool = True
    ) -> Scan:
        """Read one file, as `Scan.run` does. Raises BadSource.

        A column that was there `before` and is gone now is no mistake in the mapping: then it raises GuardStopped.
        """
        try:
            dialect = self.dialect(content.source, ascii=content.ascii)
        except MissingColumn as error:
            if before is None or error.column not in before.dialect.header:
                raise
            raise GuardStopped(
                "column",
                f"{error}{'' if str(error).endswith('?') else '.'} It was there at the last run. "
                "If it is gone for good, take its fields out of the mapping.",
            ) from None
        scan = Scan(content, dialect, self.wants)
        with content.source.open() as stream:
            scan.run(stream, index, wanted, aside, others=others)
        return scan

    def broken(self, before: Habit | None, scan: Scan) -> list[tuple[str, str]]:
        """The guards against a file that is not written as it was before, or as another one was."""
        return before.broken_by(scan.dialect, self.connection, scan.content.name) if before else []

    def put_away(self, contents: list[Content]) -> None:
        """Move files that were read to their end, where the mapping wants that. Raises CannotRun."""
        to = self.mapping.erp.archive_to
        for content in contents if to is not None else ():
            if content.stands:
                put_away(content.source, self.connection.folder, str(to))
