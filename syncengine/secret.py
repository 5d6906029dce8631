"""A text that is passed on and never shown."""

from __future__ import annotations

__all__ = ["Secret", "revealed"]

STARS = "***"


class Secret(str):
    """To everybody who prints, saves or compares it, it is stars; only `revealed` gives what it holds."""

    __slots__ = ("_held",)
    _held: str

    def __new__(cls, held: str) -> Secret:
        made = super().__new__(cls, STARS)
        made._held = held
        return made

    def __repr__(self) -> str:
        return repr(STARS)


def revealed(text: object) -> str:
    """What a secret holds; any other text is what it is."""
    return text._held if isinstance(text, Secret) else str(text)
