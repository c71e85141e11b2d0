"""State of the page Build, read from its address, and the answer for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR
from math import isfinite
from typing import Any

from dashboards.address import Address
from dashboards.front_page_state import FrontPageState, default_on
from dashboards.quantities import Quantity, objective_names, quantities
from dashboards.ranges import rounded
from dashboards.source import Source
from dashboards.units import Readable, in_readable_units, in_unit_of_column, with_unit
from dse.analysis.columns import Column
from dse.analysis.decision import Decision, decide
from dse.analysis.limits import StudyLimits, study_limits
from dse.analysis.points import Points
from dse.analysis.utilisation import known_parts
from dse.contracts.errors import UsageError

PREFIX = "at."
"""Start of the name of a limit in the address; the name of its quantity follows."""


@dataclass(frozen=True)
class BuildPageState:
    """State of the page.

    Args:
        table: the study, with the shares of the chosen part.
        objectives: quantities of the objectives, the most important first.
        address: the address, from which the rest is read.
    """

    table: Points
    objectives: Mapping[str, Quantity]
    address: Address

    @classmethod
    def of(cls, source: Source, address: Address) -> "BuildPageState":
        """Read the state from an address."""
        study = source.study(address.text("study")).name
        table = source.table(study, address.choice("part", list(known_parts())))
        known = quantities(table)
        names = address.items("objectives", objective_names(table))
        return cls(table, {name: known[name] for name in names if name in known}, address)

    @property
    def part(self) -> str:
        """Part whose shares count; empty for the part of each evaluation."""
        return self.address.choice("part", list(known_parts()))

    @property
    def with_limits(self) -> bool:
        """Whether the limits of the study's file hold."""
        return "study" in self.address.items("show", ["study"])

    @property
    def limits(self) -> StudyLimits:
        """Limits of the study's file."""
        return study_limits(self.table) if self.with_limits else StudyLimits()

    @property
    def readable(self) -> Mapping[str, Readable]:
        """Objectives in the units in which they are shown, with their divisors."""
        return in_readable_units(self.objectives, self.table)

    @property
    def conditions(self) -> list[str]:
        """What is typed, as conditions.

        Raises:
            UsageError: a limit is not a number.
        """
        found = [f"{q.name} {sign_of(q)} {end!r}" for q, end in self.typed]
        return [*found, *([self.condition] if self.condition else [])]

    @property
    def typed(self) -> list[tuple[Quantity, float]]:
        """Typed limits of the objectives, in the units of their columns.

        Raises:
            UsageError: a limit is not a number, or lacks its unit.
        """
        return [
            (self.objectives[name], _number(text, readable))
            for name, readable in self.readable.items()
            if (text := self.address.text(PREFIX + name).strip())
        ]

    @property
    def condition(self) -> str:
        """Typed condition; empty for none."""
        return self.address.text("where").strip()

    @property
    def columns(self) -> list[Column]:
        """Columns of the objectives."""
        return [q.column for q in self.objectives.values() if q.column is not None]

    def decision(self) -> Decision | None:
        """Return the design to build; None where no point has all numbers.

        Raises:
            UsageError: a limit or the condition is wrong, or no point is left.
        """
        return decide(self.table, self.columns, self.conditions, self.limits)

    def front(self, source: Source) -> FrontPageState:
        """Return the same limits as a state of the front page, for its plot.

        As in the answer, designs that need more than their part has are no members of the front.
        """
        conditions = " and ".join(f"({text})" for text in self.conditions)
        kept = {name: self.address.text(name) for name in ("study", "part", "objectives", "x", "y")}
        on = [n for n in default_on(self.table) if n != "study" or self.with_limits]
        on += ["fits"]
        values = {name: text for name, text in kept.items() if text}
        return FrontPageState.of(
            source, Address(values | {"where": conditions, "show": "|".join(on)})
        )


def sign_of(quantity: Quantity) -> str:
    """Return how a limit compares: at least what is maximised, at most what is minimised."""
    return ">=" if quantity.direction == "maximise" else "<="


def _number(text: str, readable: Readable) -> float:
    try:
        found = float(in_unit_of_column(text, readable).replace(",", "").replace("\u2009", ""))
    except ValueError:
        found = float("nan")
    if not isfinite(found):
        examples = " or ".join(with_unit(example, readable) for example in ("0.98", "1e5"))
        raise UsageError(
            f"the limit of {readable[1].label} is not a number: {text[:40]}",
            hint=f"write a number such as {examples}, or leave the field empty",
        )
    return found


def brushed_limits(axes: Mapping[str, Readable], box: Mapping[str, Any]) -> dict[str, str]:
    """Return the limits that a box in the plot sets, by name of the control.

    Args:
        axes: quantities of the axes in the units in which they are drawn.
        box: ends of the box by axis, as Plotly reports them.
    """
    found = {}
    for axis in ("x", "y"):
        quantity = axes[axis][1]
        if quantity.column is not None and axis in box:
            ends = sorted(float(end) for end in box[axis])
            end = ends[0] if quantity.direction == "maximise" else ends[1]
            # no design in the box is left out by rounding
            towards = ROUND_FLOOR if quantity.direction == "maximise" else ROUND_CEILING
            found[PREFIX + quantity.name] = with_unit(rounded(end, towards), axes[axis])
    return found
