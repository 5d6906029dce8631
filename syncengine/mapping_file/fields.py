"""The fields of a mapping, and what they ask of each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from syncengine.mapping import Field
from syncengine.mapping_file.field import read_field
from syncengine.mapping_file.tables import EXAMPLES
from syncengine.store_paths import Table
from syncengine.toml_file import TomlFile
from syncengine.written import known

__all__ = ["Fields"]


@dataclass(slots=True)
class Fields:
    """The fields that could be read, and whether these are all: where one is missing, what others lack is not told.

    `of` is what the store's records of this entity can hold.
    """

    file: TomlFile
    of: Table
    found: dict[str, Field]
    are_all: bool

    @classmethod
    def read(cls, file: TomlFile, of: Table) -> Fields:
        table = file.data.get("fields", {})
        if not isinstance(table, dict) or not table:
            instead = 'write [fields], and below it: sku = { erp = "ArtNr", store = "sku" }'
            file.wrong(("fields",), "there are none", instead)
            return cls(file, of, {}, are_all=False)
        read = {name: read_field(file, ("fields", name), written, of) for name, written in table.items()}
        return cls(file, of, {name: field for name, field in read.items() if field}, all(read.values()))

    def check_paths(self) -> None:
        """A store path is mapped once, and not beside what holds it; one that only a plug-in knows is only read."""
        first: dict[str, Field] = {}
        for field in self.found.values():
            path = str(field.store)
            if field.goes_to("store") and field.lines is None and not self.of.knows(path):
                message = f"a {self.of.what} of the store has no {path!r} that can be written"
                instead = 'what a plug-in adds can be read with truth = "store"; most of it is written at "meta:KEY"'
                self.file.wrong(("fields", field.name, "store"), message, instead)
            known_as = path.casefold() if path.startswith("attribute:") else path
            before = first.setdefault(known_as, field)
            if before is not field:
                message = f"{path} is mapped already by {before.name} (line {before.line})"
                self.file.wrong(
                    ("fields", field.name, "store"), message, "map a store path once: leave out one of the two"
                )
        for whole, parts in self.of.holds.items():
            for part in parts:
                if whole in first and part in first:
                    message = f"{part} stands in {whole} already, which {first[whole].name} maps"
                    self.file.wrong(("fields", first[part].name, "store"), message, f"leave out {part}, or {whole}")

    def share_columns(self) -> None:
        """Of the fields of one ERP column, only one may write it; where the ERP is right, others go to the store."""
        by_column: dict[str, list[Field]] = {}
        for field in self.found.values():
            if field.erp is not None and field.goes_to("erp"):
                by_column.setdefault(field.erp, []).append(field)
        for name, sharing in by_column.items():
            writers = [field for field in sharing if field.truth != "erp"] or sharing[:1]
            for field in writers[1:]:
                message = f"the column {name} is written already by {writers[0].name} (line {writers[0].line})"
                self.file.wrong(("fields", field.name, "erp"), message, 'write to = "store" in all but one of them')
            for field in sharing:
                if field not in writers and field.store not in self.of.read_only:
                    self.found[field.name] = replace(field, only_to="store")

    def move_by(self, transitions: Mapping[str, tuple[str, ...]]) -> None:
        """Tell the one field that moves by steps which ones it may go."""
        path = self.of.steps
        if transitions and not path:
            instead = "leave it out: only orders move from status to status"
            self.file.wrong(("store", "transitions"), f"means nothing for a {self.of.what}", instead)
        one = next((one for one in self.found.values() if one.store == path and one.goes_to("store")), None)
        if not path or one is None:
            return
        if not transitions and self.of.creates:
            self.found[one.name] = replace(one, once=True)
            return
        if not transitions:
            message = f"the store acts on every change of {path}, and no change is allowed"
            instead = f'write {EXAMPLES["transitions"]} under [store], or to = "erp" here'
            self.file.wrong(("fields", one.name), message, instead)
        self.found[one.name] = replace(one, moves=transitions)

    def matched_by(self, by: list[str] | None) -> tuple[str, ...]:
        """The store paths by which records are matched: those that `by` names, else the usual ones that are mapped."""
        written = "by" in self.file.data.get("match", {})
        mapped = {field.store for field in self.found.values() if field.erp is not None}
        paths: list[str] = []
        for number, word in enumerate(by if by is not None else self.of.match_by):
            place = ("match", "by", number)
            path = self.of.match.get(word)
            if path is None:
                instead = known(word, list(self.of.match))
                self.file.wrong(place, f"{self.of.what}s are not matched by {word!r}", instead)
            elif path in paths:
                self.file.wrong(place, f"{word} stands there twice", "leave one of them out")
            elif path in mapped:
                paths.append(path)
            elif written and path != "id" and self.are_all:
                instead = f'write a field {word} = {{ erp = "COLUMN", store = "{path}" }}, or leave {word} out'
                self.file.wrong(place, f"no field maps the store's {path} to a column of the ERP", instead)
        unknown = any(problem.message.startswith("match.by") for problem in self.file.problems)
        if not paths and self.are_all and not unknown:
            message = "no field is mapped by which records could be matched"
            instead = 'write a field sku = { erp = "COLUMN", store = "sku" }, and by = ["sku"] under [match]'
            self.file.wrong(("match", "by"), message, instead)
        return tuple(paths)
