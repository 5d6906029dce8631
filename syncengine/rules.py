"""Rules for numbers on their way to the store: factor, add, round. Reckoned as exact decimals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from syncengine.values import EXACT, places_of

__all__ = ["Rounding", "Rule"]

HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Rounding:
    """To the nearest of the amounts that are some steps, upwards in the middle; or some steps and an ending, which is
    then the least of them."""

    step: Decimal
    ending: Decimal = Decimal(0)

    @property
    def places(self) -> int:
        """How many decimal places an amount may have that was rounded so."""
        return max(places_of(self.step), places_of(self.ending))

    def applied(self, amount: Decimal) -> Decimal:
        """Raises ValueError where an amount below 0 is to get an ending."""
        if self.ending and amount < 0:
            raise ValueError(f"{amount:f} is below 0, and cannot be rounded to an amount with the ending {self.ending}")
        steps = math.floor((Fraction(amount) - Fraction(self.ending)) / Fraction(self.step) + HALF)
        steps = max(steps, 0) if self.ending else steps
        return EXACT.add(EXACT.multiply(self.step, Decimal(steps)), self.ending)


@dataclass(frozen=True, slots=True)
class Rule:
    """What the ERP's number becomes: times `factor`, plus `add`, rounded."""

    factor: Decimal = Decimal(1)
    add: Decimal = Decimal(0)
    rounding: Rounding | None = None

    def applied(self, amount: Decimal) -> Decimal:
        """Raises ValueError where the result cannot be rounded so."""
        reckoned = EXACT.add(EXACT.multiply(amount, self.factor), self.add)
        return self.rounding.applied(reckoned) if self.rounding is not None else reckoned
