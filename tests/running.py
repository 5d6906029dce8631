"""Runs of the engine on endpoints in memory."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from decimal import Decimal

from syncengine.engine.job import JobRun, Options
from syncengine.engine.run import run_job
from syncengine.mapping import ErpSide, Field, Gone, Mapping, StoreSide
from syncengine.records import JobResult
from syncengine.settings import Guards, Limit
from syncengine.state import State
from syncengine.values import Type
from tests.memory import Memory

MANY = Guards(max_changes=Limit(share=Decimal(1)), max_deletes=Limit(share=Decimal(1)), min_rows=0)
numbers = itertools.count(1)


class Silent:
    """No progress is shown."""

    def step(self, name: str, total: int | None = None) -> None: ...

    def advance(self, number: int = 1) -> None: ...


def field(name: str, kind: str = "text", truth: str = "erp-wins", **more: object) -> Field:
    """A field that both sides keep under its own name."""
    empty = "ignore" if kind in ("integer", "decimal", "money", "date", "datetime") else "clear"
    settings = {"erp": name, "store": name, "type": Type(kind), "truth": truth, "empty": empty} | more
    return Field(name, **settings)  # type: ignore[arg-type]


def mapping(*fields: Field, **more: object) -> Mapping:
    """A product mapping with `sku` as the ERP's key and as the match key."""
    sku = Field("sku", "sku", "sku", truth="erp")
    settings = {
        "erp": ErpSide("memory", "sku", write_to="in-place", modified="modified"),
        "create_in_store": True,
        "create_in_erp": True,
        "gone": Gone(),
    } | more
    return Mapping(
        "memory.toml",
        "product",
        store=StoreSide(),
        match_by=("id", "sku"),
        fields={one.name: one for one in (sku, *fields)},
        digest="1",
        **settings,  # type: ignore[arg-type]
    )


def run(
    erp: Memory,
    store: Memory,
    state: State,
    options: Options | None = None,
    guards: Guards = MANY,
    signatures: dict[str, str] | None = None,
) -> JobResult:
    """One run; a dry run gets its own copy of nothing: it must not write."""
    started = datetime.now(UTC)
    options = options or Options()
    name = f"run-{next(numbers)}"
    result = JobResult("job", name, options.dry_run, started)
    job = JobRun("job", name, erp.mapping, erp, store, state, guards, options, Silent(), result, signatures or {})
    return run_job(job, "sqlite://")
