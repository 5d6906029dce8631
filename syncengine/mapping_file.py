"""mappings/*.toml -> Mapping, checked in full."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from syncengine.errors import ConfigError, Problem
from syncengine.mapping import LINES as LINES_COLUMN
from syncengine.mapping import (
    Entity,
    ErpSide,
    Field,
    Gone,
    Lines,
    Mapping,
    StoreSide,
    Truth,
    digest,
    field_signature,
    key_signature,
)
from syncengine.mapping_tables import (
    AS_MONEY,
    EXAMPLES,
    IN_PLACE,
    CreateTable,
    ErpTable,
    FieldTable,
    GoneTable,
    LinesTable,
    MatchTable,
    StoreTable,
    column,
    leaves,
)
from syncengine.records import Side
from syncengine.rules import Rounding, Rule
from syncengine.settings import CsvConnection, Settings
from syncengine.store_paths import TABLES, Table
from syncengine.toml_file import TomlFile
from syncengine.units import Units, units_of
from syncengine.values import NUMBERS, PLAIN, Type, Value
from syncengine.written import Mistake, known

__all__ = ["field_signature", "key_signature", "load_mapping", "load_mappings"]

Found = TypeVar("Found", bound=BaseModel)
Path_ = tuple[str | int, ...]

SECTIONS = ("entity", "erp", "store", "match", "create", "gone", "lines", "fields")
BESIDE_NO_CONSTANT = (
    "erp", "map", "else", "default", "required", "empty", "factor", "add", "round", "unit", "reserve",
)  # fmt: skip
STOCK = "stock_quantity"
LINES = "lines"  # the field that holds an order's lines
IN_LINES = ("erp", "store", "type", "map", "places", "round", "separator", "strip")  # the keys of a field of a line


def load_mapping(path: Path) -> Mapping:
    """The mapping of a file. Raises ConfigError with everything that is wrong."""
    missing = "write the mapping there, or start with one of those in mappings/"
    return _Reader(TomlFile(path, missing)).mapping()


def load_mappings(settings: Settings, jobs: Iterable[str] | None = None) -> dict[str, Mapping]:
    """The mappings of some jobs, or of all, by job. Raises ConfigError with everything that is wrong in any of them."""
    chosen = list(settings.jobs) if jobs is None else list(jobs)
    problems: list[Problem] = []
    for name in chosen:
        if name not in settings.jobs:
            problems.append(
                Problem(str(settings.file), None, f"there is no job {name!r}", known(name, list(settings.jobs)))
            )
    mappings: dict[str, Mapping] = {}
    for name in chosen:
        if name not in settings.jobs:
            continue
        try:
            mappings[name] = load_mapping(settings.jobs[name].mapping)
        except ConfigError as error:
            problems += [problem for problem in error.problems if problem not in problems]
        else:
            problems += _problems_with_connection(settings, name, mappings[name])
    problems += _problems_between_jobs(settings, mappings)
    if problems:
        raise ConfigError(*problems)
    return mappings


def _problems_with_connection(settings: Settings, job: str, mapping: Mapping) -> list[Problem]:
    connection = settings.connections[settings.jobs[job].erp]
    resource = mapping.erp.resource
    if isinstance(connection, CsvConnection) and leaves(resource):
        message = f"erp.resource: {resource!r} is not inside the folder of connections.{connection.name}"
        return [Problem(mapping.file, mapping.erp.line, message, f"write a name or a glob below {connection.folder}")]
    return []


def _problems_between_jobs(settings: Settings, mappings: dict[str, Mapping]) -> list[Problem]:
    """Two jobs may share records, but not a store path that both write. What is sent with a new record only is written
    by nobody afterwards."""
    problems = []
    writers: dict[tuple[str, str, str], str] = {}
    for job, mapping in mappings.items():
        store = settings.jobs[job].store
        for field in mapping.fields.values():
            if field.store is None or field.once or not field.goes_to("store"):
                continue
            first = writers.setdefault((store, mapping.entity, field.store), job)
            if first != job:
                message = f"fields.{field.name}: the job {first} writes {field.store} of the same store too"
                instead = f'leave the field to one of the jobs {first} and {job}, or write to = "erp" here'
                problems.append(Problem(mapping.file, field.line, message, instead))
    return problems


class _Reader:
    def __init__(self, file: TomlFile) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.table = TABLES["product"]

    def mapping(self) -> Mapping:
        data = self.file.data
        for key in data:
            if key not in SECTIONS:
                self._wrong((key,), "unknown key", known(key, SECTIONS))
        entity = self._entity(data)
        erp = self._section(ErpTable, "erp")
        store = self._section(StoreTable, "store")
        match = self._section(MatchTable, "match")
        create = self._section(CreateTable, "create")
        gone = self._section(GoneTable, "gone")
        fields = self._fields(data)
        if store:
            for path in store.only:
                self._checked(("store", "only", path), self.table.check_path, path)
                for word in store.only[path]:
                    self._checked(("store", "only", path), self.table.check_word, path, word)
            fields = self._steps(store, fields)
            self._booked(store, fields)
            refunds = (one for one in fields.values() if one.store == "refunded" and one.goes_to("store"))
            if store.api_refund and next(refunds, None) is None:
                self._wrong(("store", "api_refund"), "no field refunds orders in the store", "leave it out")
        self._paths_once(fields)
        if erp and erp.write_to:
            fields = self._columns_once(fields)
        by = self._match(match.by, fields) if match else ()
        if erp and create and create.in_erp:
            self._create_in_erp(erp, fields)
        if create and gone:
            self._made_and_gone(create, gone)
        if erp and erp.archive_to is not None:
            self._archive(erp.archive_to, erp)
        if erp and erp.import_within is None:
            self._never_told(erp)
        if erp and self.table.reference:
            self._reference(erp, by, fields, data)
        if erp and "lines" in data and (lines := self._lines(erp, fields)):
            fields[LINES] = lines
        if self.problems:
            raise ConfigError(*sorted(self.problems, key=lambda problem: problem.line or 0))
        assert erp and store and match and create and gone
        mapping = Mapping(
            file=self.file.name,
            entity=entity,
            erp=ErpSide(**dict(erp), line=self.file.line("erp")),
            store=StoreSide(store.only, store.booked, store.api_refund),
            match_by=by,
            create_in_store=create.in_store and self.table.creates,
            create_in_erp=create.in_erp,
            gone=Gone(**dict(gone)),
            fields=fields,
        )
        return replace(mapping, digest=digest(mapping))

    def _wrong(self, path: Path_, message: str, instead: str) -> None:
        self.problems.append(self.file.problem(path, message, instead))

    def _checked(self, path: Path_, check: Callable[..., object], *values: object) -> None:
        try:
            check(*values)
        except Mistake as mistake:
            self._wrong(path, str(mistake), mistake.instead)

    def _entity(self, data: dict[str, Any]) -> Entity:
        entity = data.get("entity")
        entities = get_args(Entity)
        if entity is None:
            self._wrong((), "entity is missing", 'write entity = "product" at the top')
        elif entity not in entities:
            self._wrong(("entity",), f"unknown word {entity!r}", known(entity, entities))
        else:
            known_entity: Entity = entity
            self.table = TABLES[known_entity]
            create = data.get("create")
            if self.table.if_created is not None and isinstance(create, dict) and create.get("in_store") is True:
                self.table = self.table.if_created
            return known_entity
        return "product"

    def _section(self, model: type[Found], name: str) -> Found | None:
        table = self.file.data.get(name, {})
        if not isinstance(table, dict):
            self._wrong((name,), "must be a table", f"write [{name}] on a line of its own, and its keys below")
            return None
        try:
            return model.model_validate(table)
        except ValidationError as error:
            self.problems += self.file.complaints(error, (name,), model, EXAMPLES)
            return None

    # -- fields

    def _fields(self, data: dict[str, Any]) -> dict[str, Field]:
        table = data.get("fields", {})
        self.broken = not isinstance(table, dict)
        if self.broken or not table:
            self._wrong(
                ("fields",), "there are none", 'write [fields], and below it: sku = { erp = "ArtNr", store = "sku" }'
            )
            self.broken = True
            return {}
        found = {name: self._field(("fields", name), written, self.table) for name, written in table.items()}
        self.broken = not all(found.values())
        return {name: field for name, field in found.items() if field}

    def _field(self, place: Path_, table: object, of: Table) -> Field | None:
        """One field of the records whose paths are `of`."""
        name = str(place[-1])
        if not isinstance(table, dict):
            self._wrong(place, "must be a table", f'write {name} = {{ erp = "…", store = "…" }}')
            return None
        self._checked(place, column, name)
        try:
            written = FieldTable.model_validate(table)
        except ValidationError as error:
            self.problems += self.file.complaints(error, place, FieldTable, EXAMPLES)
            return None
        before = len(self.problems)
        given = set(table)
        self._sides(place, written, given, of)
        self._fits(place, written, given)
        kind = Type(
            name=written.type,
            places=2 if written.places is None else written.places,
            rounds=written.round == AS_MONEY,
            separator="|" if written.separator is None else written.separator,
            strip=written.strip,
            ordered=written.store == "images",
        )
        values = {
            key: self._value((*place, key), kind, table[key]) for key in ("value", "default", "else") if key in table
        }
        translations = self._map((*place, "map"), kind, written.map)
        if written.store:
            for key, value in values.items():
                self._checked((*place, key), of.check_word, written.store, value)
            for word, value in (translations or {}).items():
                self._checked((*place, "map", word), of.check_word, written.store, value)
        rule = self._rule(place, written, kind)
        units = self._units(place, written) if len(self.problems) == before else None
        truth, only_to = self._travels(place, written, of)
        if rule is not None:
            self._one_way(place, written, truth)
            only_to = "store"
        if written.reserve is not None:
            self._reserves(place, written, truth)
            only_to = "store"
        if len(self.problems) > before:
            return None
        unclear = written.type in (*NUMBERS, "date", "datetime", "boolean")
        return Field(
            name=name,
            erp=written.erp,
            store=written.store,
            type=kind,
            truth=truth,
            only_to=only_to,
            translations=translations,
            otherwise=values.get("else"),
            has_otherwise="else" in table,
            constant=values.get("value"),
            has_constant="value" in table,
            default=values.get("default"),
            required=written.required,
            max_change=written.max_change,
            empty=written.empty or ("ignore" if unclear else "clear"),
            by_difference=written.write is not None,
            rule=rule,
            units=units,
            untold="store" if written.store in of.write_only else None,
            secret=written.store in of.secret,
            reserves=written.reserve is not None,
            once=written.store in of.once,
            line=self.file.line(*place),
        )

    def _sides(self, place: Path_, written: FieldTable, given: set[str], of: Table) -> None:
        if "value" in given:
            for key in BESIDE_NO_CONSTANT:
                if key in given:
                    self._wrong(
                        (*place, key), "value is a constant, which needs no such thing", f"leave out value or {key}"
                    )
        elif written.erp is None:
            self._wrong(place, "erp is missing", 'write erp = "COLUMN", or value = … for a constant')
        if written.store is None:
            instead = 'write store = "name", or leave the field out; the key column needs no field of its own'
            self._wrong(place, "store is missing", instead)
            return
        before = len(self.problems)
        self._checked((*place, "store"), of.check_path, written.store)
        if len(self.problems) == before:
            self._checked((*place, "type" if "type" in given else "store"), of.check_type, written.store, written.type)

    def _fits(self, place: Path_, written: FieldTable, given: set[str]) -> None:
        """Keys that mean something only for some types, or beside another key."""
        if "places" in given and written.type != "money":
            self._wrong(
                (*place, "places"), f"means nothing for {written.type}", 'write type = "money", or leave places out'
            )
        if written.round == AS_MONEY and written.type != "money":
            instead = 'write round = "1", or type = "money"' if written.type in NUMBERS else 'write type = "money"'
            self._wrong((*place, "round"), f"half-up means nothing for {written.type}", f"{instead}, or leave it out")
        if "separator" in given and written.type != "list":
            self._wrong(
                (*place, "separator"), f"means nothing for {written.type}", 'write type = "list", or leave it out'
            )
        if written.separator is not None and (not written.separator or "\n" in written.separator):
            self._wrong((*place, "separator"), "nothing to separate by", 'write a mark, such as "|" or ","')
        if "max_change" in given and written.type not in NUMBERS:
            instead = 'write type = "money" or "integer", or leave it out'
            self._wrong((*place, "max_change"), f"means nothing for {written.type}", instead)
        if "else" in given and written.map is None and "value" not in given:
            self._wrong(
                (*place, "else"), "is for what map does not have, and there is no map", "write default, or a map"
            )
        if written.write and written.truth != "sum":
            self._wrong((*place, "write"), "only sum hands over differences", 'write truth = "sum", or leave write out')
        self._truth(place, written, given)

    def _rule(self, place: Path_, written: FieldTable, kind: Type) -> Rule | None:
        """What is done to the ERP's numbers."""
        rounding = written.round if isinstance(written.round, Rounding) else None
        parts = {"factor": written.factor, "add": written.add, "round": rounding}
        first = next((key for key, part in parts.items() if part is not None), None)
        if first is None:
            return None
        at = (*place, first)
        if kind.name not in NUMBERS:
            self._wrong(at, f"means nothing for {kind.name}", 'write type = "money" or "integer", or leave it out')
        elif written.map is not None:
            self._wrong(at, "counts with the ERP's numbers, and a map has words", f"leave out map or {first}")
        elif written.unit is not None:
            self._wrong(at, "counts, and unit does so too", f"leave out unit or {first}")
        most = {"money": kind.places, "integer": 0}.get(kind.name)
        if rounding is not None and most is not None and rounding.places > most:
            instead = "write a whole number" if kind.name == "integer" else f"write places = {rounding.places}"
            message = f"such amounts have {rounding.places} decimal places, and this field has {most}"
            self._wrong((*place, "round"), message, f"{instead}, or round less finely")
        return Rule(written.factor or Decimal(1), written.add or Decimal(0), rounding)

    def _one_way(self, place: Path_, written: FieldTable, truth: Truth) -> None:
        """A counted number cannot be taken back to what it was counted from."""
        key = next(key for key in ("factor", "add", "round") if key in written.model_fields_set)
        one_way = written.to == "store" or (written.to is None and truth == "erp" and written.store != "id")
        if not one_way and written.to != truth:
            message = "counts on the way to the store only, and this field travels to the ERP"
            self._wrong((*place, key), message, 'write truth = "erp", or to = "store"')

    def _units(self, place: Path_, written: FieldTable) -> Units | None:
        if written.unit is None:
            return None
        at, found = (*place, "unit"), (written.unit.erp, written.unit.store)
        units = units_of(str(written.store))
        if not units:
            self._wrong(at, f"{written.store} has none", "leave it out: weight and dimensions have units")
        elif written.type not in ("decimal", "integer"):
            self._wrong(at, f"means nothing for {written.type}", 'write type = "decimal"')
        elif written.map is not None:
            self._wrong(at, "converts numbers, and a map has words", "leave out map or unit")
        elif written.truth == "sum":
            self._wrong(at, "sum counts pieces, and these are measures", 'write truth = "erp-wins"')
        else:
            for side, unit in zip(("erp", "store"), found, strict=True):
                if unit not in units:
                    self._wrong((*at, side), f"{unit} is no unit of {written.store}", known(unit, tuple(units)))
        return found

    def _truth(self, place: Path_, written: FieldTable, given: set[str]) -> None:
        """Truths that cannot work."""
        where = (*place, "truth")
        erp = self.file.data.get("erp", {})
        erp = erp if isinstance(erp, dict) else {}
        write_to = erp.get("write_to")
        if "value" in given and written.truth in ("sum", "union", "newest"):
            self._wrong(where, f"a constant cannot have the truth {written.truth}", 'write truth = "erp"')
            return
        if written.truth == "sum":
            handed_over = write_to not in (None, IN_PLACE)
            if written.type not in NUMBERS:
                instead = 'write type = "integer", or a truth such as "erp-wins"'
                self._wrong(where, f"sum adds numbers, and this is {written.type}", instead)
            elif written.map is not None:
                self._wrong(
                    (*place, "map"),
                    "sum adds numbers, and a map has words",
                    "leave out the map, or choose another truth",
                )
            elif handed_over and not written.write and written.to != "store":
                message = "sum can be handed over in a file only as a signed difference, never as a number"
                self._wrong(where, message, 'write write = "difference", or to = "store"')
            if write_to == IN_PLACE and written.write:
                message = 'with write_to = "in-place" a difference would stand in the ERP\'s data as its number'
                self._wrong((*place, "write"), message, "leave it out")
        if written.truth == "union" and written.type != "list":
            instead = 'write type = "list", or a truth such as "store-wins"'
            self._wrong(where, f"union joins lists, and this is {written.type}", instead)
        if written.truth == "newest" and erp.get("modified") is None:
            instead = 'write modified = "COLUMN" under [erp], or a truth such as "erp-wins"'
            self._wrong(where, "newest needs to know when the ERP's record was modified", instead)

    def _travels(self, place: Path_, written: FieldTable, of: Table) -> tuple[Truth, Side | None]:
        """The truth, and the one side that the field travels to. What nobody can write may still be matched by."""
        truth: Truth = written.truth or "erp"
        if written.store in of.write_only:
            if written.to == "erp" or truth != "erp":
                self._wrong(place, f"the store never tells its {written.store}", 'write truth = "erp", to = "store"')
            return truth, "store"
        if written.store in of.read_only:
            if written.to == "store" or "value" in written.model_fields_set:
                self._wrong(
                    place, f"nobody can write {written.store} of the store", 'write to = "erp", or leave the field out'
                )
            elif written.store not in of.match.values() and truth != "store" and written.to != "erp":
                self._wrong(place, f"nobody can write {written.store} of the store", 'write truth = "store"')
            return truth, "erp"
        if "value" in written.model_fields_set and written.to == "erp":
            self._wrong((*place, "to"), "a constant is for the store", 'write to = "store", or leave it out')
        elif written.to is not None and (truth, written.to) in (("erp", "erp"), ("store", "store")):
            other = "store" if truth == "erp" else "erp"
            instead = f'write to = "{other}" or truth = "{other}"'
            self._wrong(
                (*place, "to"),
                f"the {truth} is right and only the {truth} is written: nothing would ever travel",
                instead,
            )
        return truth, written.to

    def _map(self, place: Path_, kind: Type, written: dict[str, Any] | None) -> dict[str, Value] | None:
        if written is None:
            return None
        if not written:
            self._wrong(place, "is empty", f"write {EXAMPLES['map']}, or leave it out")
        for word in written:
            if word != word.strip():
                self._wrong(
                    (*place, word),
                    f"spaces around {word!r}, which are cut off before it is looked up",
                    "leave them out",
                )
        return {word: self._value((*place, word), kind, value) for word, value in written.items()}

    def _value(self, place: Path_, kind: Type, written: object) -> Value:
        """A value that stands in the mapping itself."""
        if kind.name == "text" and not isinstance(written, str):
            fitting = {bool: "boolean", int: "integer", float: "decimal", list: "list", dict: "json", date: "date"}
            instead = f'write it in quotes, or type = "{fitting.get(type(written), "datetime")}"'
            self._wrong(place, f"not a text: {written!r}", instead)
            return None
        try:
            if kind.name == "json":
                json.dumps(written, allow_nan=False)
            return PLAIN.read(written, kind)
        except TypeError:
            self._wrong(place, "not JSON: dates and times are none", "write them in quotes")
            return None
        except ValueError as error:
            self._wrong(place, str(error), f"write a value of type {kind.name} as a program would, or another type")
            return None

    # -- what concerns several of them

    def _paths_once(self, fields: dict[str, Field]) -> None:
        first: dict[str, Field] = {}
        for field in fields.values():
            path = str(field.store)
            known_as = path.casefold() if path.startswith("attribute:") else path
            before = first.setdefault(known_as, field)
            if before is not field:
                message = f"{path} is mapped already by {before.name} (line {before.line})"
                self._wrong(("fields", field.name, "store"), message, "map a store path once: leave out one of the two")
        for whole, parts in self.table.holds.items():
            for part in parts:
                if whole in first and part in first:
                    message = f"{part} stands in {whole} already, which {first[whole].name} maps"
                    self._wrong(("fields", first[part].name, "store"), message, f"leave out {part}, or {whole}")

    def _columns_once(self, fields: dict[str, Field]) -> dict[str, Field]:
        """Of the fields of one ERP column, only one may write it; where the ERP is right, others go to the store."""
        by_column: dict[str, list[Field]] = {}
        for field in fields.values():
            if field.erp is not None and field.goes_to("erp"):
                by_column.setdefault(field.erp, []).append(field)
        changed = dict(fields)
        for name, sharing in by_column.items():
            writers = [field for field in sharing if field.truth != "erp"] or sharing[:1]
            for field in writers[1:]:
                message = f"the column {name} is written already by {writers[0].name} (line {writers[0].line})"
                self._wrong(("fields", field.name, "erp"), message, 'write to = "store" in all but one of them')
            for field in sharing:
                if field not in writers and field.store not in self.table.read_only:
                    changed[field.name] = replace(field, only_to="store")
        return changed

    def _match(self, by: list[str] | None, fields: dict[str, Field]) -> tuple[str, ...]:
        written = "by" in self.file.data.get("match", {})
        mapped = {field.store for field in fields.values() if field.erp is not None}
        found: list[str] = []
        for number, word in enumerate(by if by is not None else self.table.match_by):
            place = ("match", "by", number)
            path = self.table.match.get(word)
            if path is None:
                instead = known(word, list(self.table.match))
                self._wrong(place, f"{self.table.what}s are not matched by {word!r}", instead)
            elif path in found:
                self._wrong(place, f"{word} stands there twice", "leave one of them out")
            elif path in mapped:
                found.append(path)
            elif written and path != "id" and not self.broken:
                instead = f'write a field {word} = {{ erp = "COLUMN", store = "{path}" }}, or leave {word} out'
                self._wrong(place, f"no field maps the store's {path} to a column of the ERP", instead)
        unknown = any(problem.message.startswith("match.by") for problem in self.problems)
        if not found and not self.broken and not unknown:
            message = "no field is mapped by which records could be matched"
            instead = 'write a field sku = { erp = "COLUMN", store = "sku" }, and by = ["sku"] under [match]'
            self._wrong(("match", "by"), message, instead)
        return tuple(found)

    def _steps(self, store: StoreTable, fields: dict[str, Field]) -> dict[str, Field]:
        """The fields, of which the one that moves by steps knows which ones it may go."""
        path = self.table.steps
        if store.transitions and not path:
            instead = "leave it out: only orders move from status to status"
            self._wrong(("store", "transitions"), f"means nothing for a {self.table.what}", instead)
        for one in fields.values():
            if not path or one.store != path or not one.goes_to("store"):
                continue
            if not store.transitions and self.table.creates:
                return {**fields, one.name: replace(one, once=True)}
            if not store.transitions:
                message = f"the store acts on every change of {path}, and no change is allowed"
                instead = f'write {EXAMPLES["transitions"]} under [store], or to = "erp" here'
                self._wrong(("fields", one.name), message, instead)
            return {**fields, one.name: replace(one, moves=store.transitions)}
        return fields

    def _reserves(self, place: Path_, written: FieldTable, truth: Truth) -> None:
        """A stock that makes allowance for orders: the ERP's number is right, once these are taken from it."""
        at = (*place, "reserve")
        if self.table is not TABLES["product"] or written.store != STOCK:
            self._wrong(at, "orders take from a product's stock only", f'write store = "{STOCK}", or leave it out')
        elif truth != "erp" or written.to == "erp":
            message = "the store gets the ERP's number less what is in open orders, whatever it has"
            self._wrong(at, message, 'write truth = "erp", to = "store"')

    def _booked(self, store: StoreTable, fields: dict[str, Field]) -> None:
        """Where an order has the number that tells that the ERP has booked it."""
        reserves = next((field for field in fields.values() if field.reserves), None)
        place, instead = ("store", "booked"), f"write {EXAMPLES['booked']} under [store]"
        if reserves is not None and store.booked is None:
            message = "nothing tells whether the ERP has booked an order"
            where = "the meta field into which the job of the orders writes the ERP's number"
            self._wrong(("fields", reserves.name, "reserve"), message, f"{instead}: {where}")
        elif reserves is None and store.booked is not None and not self.broken:
            self._wrong(place, "no field reserves units for orders", f"write {EXAMPLES['reserve']}, or leave it out")
        elif store.booked is not None and not store.booked.startswith("meta:"):
            self._wrong(place, f"not a meta field of an order: {store.booked!r}", instead)
        elif store.booked is not None:
            self._checked(place, TABLES["order"].check_path, store.booked)

    def _made_and_gone(self, create: CreateTable, gone: GoneTable) -> None:
        """What is not done with records of this entity."""
        what = f"{self.table.what}s"
        if not self.table.creates:
            if create.in_store and "in_store" in self.file.data.get("create", {}):
                self._wrong(("create", "in_store"), f"{what} are not created in the store", "leave it out")
            if gone.from_store == "recreate":
                self._wrong(("gone", "from_store"), f"{what} are not created in the store", 'write "ask" or "keep"')
        elif self.table.reference and gone.from_store == "recreate":
            message = "an order that somebody deletes in the store is not created again"
            self._wrong(("gone", "from_store"), message, 'write "ask" or "keep"')
        if gone.from_erp not in self.table.gone:
            instead = f"write {' or '.join(json.dumps(one) for one in self.table.gone)}"
            self._wrong(("gone", "from_erp"), f"{what} of the store cannot become {gone.from_erp!r}", instead)

    def _never_told(self, erp: ErpTable) -> None:
        """An ERP that never shows what it has imported is not read for it either."""
        place = ("erp", "import_within")
        if erp.write_to is None or erp.write_to == IN_PLACE:
            self._wrong(
                place, "nothing is handed over to be imported", f"write {EXAMPLES['write_to']}, or leave it out"
            )
        elif erp.complete:
            message = "an export that holds all records would show what the ERP has imported"
            self._wrong(place, message, 'write complete = false, or how long the import may take: "48h"')

    # -- the lines of orders

    def _lines(self, erp: ErpTable, fields: dict[str, Field]) -> Field | None:
        """The field that holds an order's lines, which travel with it: to the ERP, or to the store with a new order."""
        of, place = self.table.in_lines, ("lines",)
        if of is None:
            self._wrong(place, f"a {self.table.what} has no lines", "leave this table out")
            return None
        table = self._section(LinesTable, "lines")
        if table is None:
            return None
        if LINES in fields:
            self._wrong(("fields", LINES), "this is what the lines are called", "give the field another name")
        kinds = table.path or self.table.lines[:1]
        for kind in kinds:
            if kind not in self.table.lines:
                self._wrong(("lines", "path"), f"unknown word {kind!r}", known(kind, self.table.lines))
        if table.resource is not None and table.resource == erp.write_to:
            self._wrong(("lines", "resource"), "the orders' own file", "name another, or leave it out")
        found = {
            name: one for name, written in table.fields.items() if (one := self._of_line(name, written, of)) is not None
        }
        if not table.fields:
            self._wrong(("lines",), "no field is mapped", f"write {EXAMPLES['fields']}")
        self._line_columns(table, erp, fields, found)
        inside = Lines(tuple(dict.fromkeys(kinds)), found, table.resource)
        if self.table.creates:
            self._new_lines(table, erp, inside)
            return Field(
                LINES,
                LINES_COLUMN,
                LINES,
                Type("json"),
                only_to="store",
                untold="store",
                once=True,
                lines=inside,
                line=self.file.line(*place),
            )
        if erp.import_within is not None:
            message = "lines go to the ERP, and are never read back"
            self._wrong(place, message, 'write import_within = "never" under [erp], and complete = false')
        return Field(
            LINES,
            LINES,
            LINES,
            Type("json"),
            "store",
            only_to="erp",
            untold="erp",
            lines=inside,
            line=self.file.line(*place),
        )

    def _new_lines(self, table: LinesTable, erp: ErpTable, lines: Lines) -> None:
        """Lines that come from the ERP, with an order that is created in the store."""
        place = ("lines",)
        mapped = {one.store for one in lines.fields.values()}
        if table.resource is not None:
            message = "the lines of the ERP's orders stand beside them: a row for each, with the order's columns"
            self._wrong((*place, "resource"), message, "leave it out")
        if erp.write_to == IN_PLACE:
            message = "a file with a row for each line is not changed in place"
            self._wrong(("erp", "write_to"), message, 'write "import/orders-{time}.csv", or leave it out')
        for path in ("sku", "quantity"):
            if path not in mapped:
                instead = f'write a field {path} = {{ erp = "COLUMN", store = "{path}" }} below [lines.fields]'
                self._wrong(place, f"a new order's lines need a {path}", instead)
        if len(lines.kinds) > 1 and "kind" not in mapped:
            instead = 'write a field kind = { erp = "COLUMN", store = "kind" } below [lines.fields]'
            self._wrong((*place, "path"), "nothing tells of which kind a line is", instead)

    def _reference(self, erp: ErpTable, by: tuple[str, ...], fields: dict[str, Field], data: dict[str, Any]) -> None:
        """What a created order needs: lines, and what it is found by before it is created again."""
        place = ("create", "in_store")
        if "lines" not in data:
            self._wrong(place, "an order without lines is none", f"write [lines], and {EXAMPLES['fields']}")
        path = self.table.reference
        if not self.broken and not any(one.erp == erp.key and one.store == path for one in fields.values()):
            instead = f'write a field reference = {{ erp = "{erp.key}", store = "{path}" }}'
            message = "the store takes an order as often as it is sent, and nothing is mapped to find it by"
            self._wrong(place, message, instead)
        elif path not in by and not self.broken:
            self._wrong(("match", "by"), "a created order is found by its reference", 'write by = ["reference"]')

    def _of_line(self, name: str, written: object, of: Table) -> Field | None:
        place = ("lines", "fields", name)
        for key in written if isinstance(written, dict) else ():
            if key not in IN_LINES:
                self._wrong((*place, key), "no key of a field in a line", known(key, IN_LINES))
                return None
        one_way = {"truth": "erp", "to": "store"} if self.table.creates else {"truth": "store", "to": "erp"}
        given = {**written, **one_way} if isinstance(written, dict) else written
        field = self._field(place, given, of)
        return replace(field, line=None) if field is not None else None

    def _line_columns(
        self, table: LinesTable, erp: ErpTable, fields: dict[str, Field], found: dict[str, Field]
    ) -> None:
        """Lines stand beside their order, or in a file of their own beside its key: each column once."""
        taken = {erp.key: "the key"}
        if table.resource is None:
            taken = {one.erp: one.name for one in fields.values() if one.erp is not None} | taken
        for name, one in found.items():
            column = one.erp or ""
            if column in taken:
                message = f"the column {column} is written already by {taken[column]}"
                self._wrong(("lines", "fields", name, "erp"), message, "name another column")
            taken[column] = name

    def _create_in_erp(self, erp: ErpTable, fields: dict[str, Field]) -> None:
        place = ("create", "in_erp")
        if erp.write_to is None:
            instead = f"write {EXAMPLES['write_to']} under [erp], or in_erp = false"
            self._wrong(place, "the ERP is only read: [erp] has no write_to", instead)
        elif not self.broken and not any(field.erp == erp.key and field.goes_to("erp") for field in fields.values()):
            instead = f'write a field with erp = "{erp.key}" and a store path that is never empty, such as "sku"'
            self._wrong(place, f"a new record would have no key: no field writes the column {erp.key}", instead)

    def _archive(self, folder: str, erp: ErpTable) -> None:
        place = ("erp", "archive_to")
        below = PurePosixPath(folder).parts
        if leaves(folder) or not below or "\\" in folder:
            self._wrong(place, f"not a folder below the connection's: {folder!r}", f"write {EXAMPLES['archive_to']}")
        elif "{" in folder or "}" in folder:
            instead = f"write {EXAMPLES['archive_to']}; files of one name get a number there"
            self._wrong(place, "a folder's name has no placeholder", instead)
        elif erp.write_to == IN_PLACE:
            message = 'with write_to = "in-place" the file is the ERP\'s data, which has to stay where it is'
            self._wrong(place, message, "leave archive_to out")
        elif PurePosixPath(erp.resource).parts[: len(below)] == below:
            self._wrong(place, "the files of resource would lie in it already, and it is never read", "name another")
