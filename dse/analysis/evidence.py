"""What a test of a claim found, and how its numbers are written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from dse.formatting import number, scaled

Grade = Literal["holds", "shape", "fails", "untested"]
_MOST_NAMED = 4
_LONG_NS = 1e5  # from here on, nanoseconds are hard to read


@dataclass(frozen=True)
class Compared:
    """One number that a test looked at.

    Args:
        point: number of the point.
        label: what tells the point from the others, such as ``total_bits 12``.
        measured: what was measured: a value, a difference, a ratio or a step.
        published: what it is compared with; None where that is no single number.
        agrees: whether this number is as claimed.
    """

    point: int
    label: str
    measured: float
    published: float | None
    agrees: bool


@dataclass(frozen=True)
class Evidence:
    """Outcome of one test.

    Args:
        grade: holds; only the shape does; fails; or could not be tested.
        measured: what was found, in numbers.
        test: the test that decided.
        compared: the numbers behind it.
    """

    grade: Grade
    measured: str
    test: str
    compared: tuple[Compared, ...] = ()


def untested(reason: str) -> Evidence:
    """Return the evidence of a test that could not be made."""
    return Evidence("untested", "", reason)


def interval_text(values: Sequence[float], unit: str = "") -> str:
    """Return the least and the largest value, such as ``480 to 520 ns``; long times in ms."""
    if unit == "ns" and max(values) >= _LONG_NS:
        low, high = (scaled(1e-9 * value, "s") for value in (min(values), max(values)))
        return low if low == high else f"{low} to {high}"
    low, high = number(min(values)), number(max(values))
    return f"{low} {unit}".strip() if low == high else f"{low} to {high} {unit}".strip()


def range_text(low: float | None, high: float | None, unit: str = "") -> str:
    """Return a range of which an end may be missing, such as ``at most 1,000 ns``."""
    ends = [end for end in (low, high) if end is not None]
    words = "" if len(ends) == 2 else "at most " if low is None else "at least "
    return words + interval_text(ends, unit)


def is_within(value: float, low: float | None, high: float | None) -> bool:
    """Whether a value lies in a range of which an end may be missing."""
    return (low is None or value >= low) and (high is None or value <= high)


def some(labels: Iterable[str]) -> str:
    """Return labels separated by semicolons, and how many more there are."""
    listed = list(labels)
    more = f"; {len(listed) - _MOST_NAMED} more" if len(listed) > _MOST_NAMED else ""
    return "; ".join(listed[:_MOST_NAMED]) + more


def all_of(compared: Sequence[Compared], what: str) -> str:
    """Return how many of the numbers are as claimed, and which are not."""
    wrong = [one.label for one in compared if not one.agrees]
    text = f"{what}: {len(compared) - len(wrong)} of {len(compared)}"
    return f"{text}; not {some(wrong)}" if wrong and len(wrong) < len(compared) else text
