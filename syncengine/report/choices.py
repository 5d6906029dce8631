"""What a person may answer where something waits for them, and what each answer means."""

from __future__ import annotations

from collections.abc import Mapping

from syncengine.records import KIND, RECORD

__all__ = ["VALUE", "choices", "in_words"]

VALUE = "VALUE"  # stands for whatever is written in its place
OF_A_FIELD = {"erp": "the ERP's value", "store": "the store's value", VALUE: "another one, for both"}
OF_A_RECORD = {
    RECORD: {"erp": "make it anew", "store": "let it go"},
    KIND: {"store": "go on with what it is there"},
}


def choices(field: str) -> Mapping[str, str]:
    """What `--take` takes for a held field, each with its meaning."""
    return OF_A_RECORD.get(field, OF_A_FIELD)


def in_words(field: str, before: str = "") -> str:
    """The choices as they are written behind a command; `before` stands before each that has to be explained."""
    if field not in OF_A_RECORD:
        return "|".join(OF_A_FIELD)
    return " or ".join(f"{before}{take} ({meaning})" for take, meaning in choices(field).items())
