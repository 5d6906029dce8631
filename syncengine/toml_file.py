"""A TOML file that a person wrote: its values, and problems with the line they are on."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from syncengine.errors import ConfigError, Problem
from syncengine.taken_up import read_text
from syncengine.toml_lines import TomlLines
from syncengine.written import Mistake, known

__all__ = ["Place", "TomlFile"]

Place = tuple[str | int, ...]  # where a value stands: the keys and numbers that lead to it
Found = TypeVar("Found", bound=BaseModel)

KINDS = {
    "string_type": "text in quotes",
    "path_type": "text in quotes",
    "bool_type": "true or false, without quotes",
    "bool_parsing": "true or false, without quotes",
    "int_type": "a whole number, without quotes",
    "float_type": "a number, without quotes",
    "float_parsing": "a number, without quotes",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "list_type": "a list in brackets",
    "tuple_type": "a list in brackets",
}


class TomlFile:
    """The values of a file (`data`), where each of them stands, and what is wrong with them (`problems`)."""

    def __init__(self, path: Path, missing: str) -> None:
        self.path = path.absolute()
        self.name = _shown(path)
        self.problems: list[Problem] = []
        source = self._read(missing)
        try:
            self.data: dict[str, Any] = tomllib.loads(source)
            self._lines = TomlLines(source)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise ConfigError(self._syntax(str(error), source)) from None

    def _read(self, missing: str) -> str:
        try:
            return read_text(self.path)
        except FileNotFoundError:
            raise ConfigError(Problem(self.name, None, "there is no such file", missing)) from None
        except UnicodeDecodeError as error:
            before = bytes(error.object[: error.start])
            message = "not UTF-8, which TOML files have to be"
            raise ConfigError(Problem(self.name, before.count(b"\n") + 1, message, "save the file as UTF-8")) from None
        except OSError as error:
            problem = Problem(self.name, None, f"cannot be read: {error.strerror}", "give the name of a readable file")
            raise ConfigError(problem) from None

    def _syntax(self, said: str, source: str) -> Problem:
        at = re.search(r" \(at (?:line ([0-9]+), column [0-9]+|end of document)\)$", said)
        line = (int(at[1]) if at[1] else source.rstrip().count("\n") + 1) if at else None
        message = said[: at.start()] if at else "nested too deeply"
        if message.startswith(("Cannot overwrite", "Cannot declare", "Cannot mutate", "Duplicate inline")):
            return Problem(self.name, line, f"the same key or table twice: {message}", "write it once")
        instead = 'write key = value, text in straight quotes ("…"), a table as [name] on a line of its own'
        return Problem(self.name, line, f"not TOML: {message[:1].lower()}{message[1:]}", instead)

    def problem(self, path: Place, message: str, instead: str) -> Problem:
        """A problem with the value at `path`; the message begins with its name."""
        name = _dotted(path)
        return Problem(self.name, self._lines.line(*path), f"{name}: {message}" if name else message, instead)

    def line(self, *path: str | int) -> int | None:
        return self._lines.line(*path)

    def wrong(self, path: Place, message: str, instead: str) -> None:
        """Note a problem with the value at `path`."""
        self.problems.append(self.problem(path, message, instead))

    def checked(self, path: Place, check: Callable[..., object], *values: object) -> None:
        """Note the Mistake that a check raises, if it does."""
        try:
            check(*values)
        except Mistake as mistake:
            self.wrong(path, str(mistake), mistake.instead)

    def read(
        self,
        model: type[Found],
        table: object,
        path: Place,
        examples: Mapping[str, str],
        context: Mapping[str, Any] | None = None,
    ) -> Found | None:
        """The table at `path` as a model; None where something is wrong with it, which is noted in plain words.

        `examples` has a line to write for each key of the model.
        """
        try:
            return model.model_validate(table, context=context)
        except ValidationError as error:
            self.problems += [
                self._complaint(detail, path, model, examples) for detail in error.errors(include_url=False)
            ]
            return None

    def finish(self) -> None:
        """Raise ConfigError with everything that is wrong, if anything is."""
        if self.problems:
            raise ConfigError(*sorted(self.problems, key=lambda problem: problem.line or 0))

    def _complaint(
        self, detail: ErrorDetails, path: Place, model: type[BaseModel], examples: Mapping[str, str]
    ) -> Problem:
        place = (*path, *detail["loc"])
        key = str(detail["loc"][-1]) if detail["loc"] else ""
        example = examples.get(str(detail["loc"][0]) if detail["loc"] else "", "")
        kind, context = detail["type"], detail.get("ctx", {})
        cause = context.get("error")
        if kind == "missing":
            return self.problem(place[:-1], f"{key} is missing", f"write {example}")
        if kind == "extra_forbidden":
            return self.problem(place, "unknown key", known(key, _keys(_inner(model, detail["loc"][:-1]), examples)))
        if isinstance(cause, Mistake):
            return self.problem(place, str(cause), cause.instead)
        if kind == "literal_error":
            words = re.findall(r"'([^']*)'", str(context["expected"]))
            return self.problem(place, f"unknown word {detail['input']!r}", known(detail["input"], words))
        if kind in KINDS:
            return self.problem(
                place, f"must be {KINDS[kind]}", f"write {example}" if example else f"write {KINDS[kind]}"
            )
        if kind in ("greater_than_equal", "less_than_equal"):
            bound = f"at least {context['ge']}" if "ge" in context else f"at most {context['le']}"
            return self.problem(place, f"must be {bound}", f"write {example}")
        return self.problem(place, detail["msg"], f"write {example}")


def _keys(model: type[BaseModel], examples: Mapping[str, str]) -> list[str]:
    names = [field.alias or name for name, field in model.model_fields.items()]
    return [name for name in names if name in examples]


def _inner(model: type[BaseModel], path: Place) -> type[BaseModel]:
    """The model of the table at `path` inside a model."""
    for part in path:
        field = model.model_fields.get(str(part))
        if field is None:
            continue
        kinds = [field.annotation, *get_args(field.annotation)]
        inner = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        model = inner[0] if inner else model
    return model


def _dotted(path: Place) -> str:
    name = ""
    for part in path:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    return name


def _shown(path: Path) -> str:
    """A path as people know it: relative where it is below the current directory."""
    full = path.absolute()
    return str(full.relative_to(Path.cwd())) if full.is_relative_to(Path.cwd()) else str(full)
