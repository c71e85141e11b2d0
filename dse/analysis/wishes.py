"""The budget of `dse solve`: limits as people write them, and what makes no sense in them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from dse.analysis.utilisation import capacity_of_part
from dse.contracts.errors import UsageError
from dse.contracts.metrics import CATALOGUE, Direction, at_most
from dse.formatting import TIMES_NS, number

COUNTS = ("lut", "ff", "dsp", "bram_18k")
"""Resources that can be limited, as a count or as a share of the part."""

TIMES = ("latency_ns", "interval_ns")
"""Times that can be limited."""

_NUMBER = r"[+-]?(\d[\d_]*\.?\d*|\.\d+)([eE][+-]?\d+)?"
_BOUNDED = {"accuracy": 1.0, "auc": 1.0, "f1": 1.0, "r2": 1.0}
"""Largest value of figures of merit that have one."""


@dataclass(frozen=True)
class Wish:
    """One limit.

    Args:
        metric: what is limited.
        limit: in the unit of the metric.
        direction: ``minimise`` where the limit is the largest value, else ``maximise``.
        written: as the user wrote it.
        implied: whether it follows from the part alone.
    """

    metric: str
    limit: float
    direction: Direction
    written: str = ""
    implied: bool = False

    def missed(self, value: float) -> float:
        """Return by how much a value misses the limit, as a share of it; 0 where it keeps it."""
        over = value - self.limit if self.direction == "minimise" else self.limit - value
        return max(0.0, over / (abs(self.limit) or 1.0))

    @property
    def text(self) -> str:
        """The limit in words, such as ``lut at most 19,020``."""
        info = CATALOGUE.get(self.metric)
        unit = info.unit if info else ""
        most = "at most" if self.direction == "minimise" else "at least"
        return f"{title(self.metric)} {most} {number(self.limit, unit)}"


def title(metric: str) -> str:
    """Return the name of a metric for people."""
    info = CATALOGUE.get(metric)
    return info.title if info else metric


@dataclass(frozen=True)
class Wishes:
    """All limits, and what is optimised within them.

    Args:
        score: figure of merit of the network.
        score_direction: of the figure of merit.
        goal: metric to optimise.
        direction: of the goal.
        part: FPGA part.
        clock_period_ns: requested clock period.
        limits: those that were asked for, then those of the part.
        quality: figure of merit of the network itself; None where it is not known.
    """

    score: str
    score_direction: Direction
    goal: str
    direction: Direction
    part: str
    clock_period_ns: float
    limits: Sequence[Wish] = field(default_factory=tuple)
    quality: float | None = field(default=None, repr=False)  # found out, not wished for

    @cached_property
    def enough(self) -> float | None:
        """Figure of merit beyond which more is chance of the test set: that of the network.

        It is what is asked for where that is more, by what rounding may add.
        """
        if self.quality is None:
            return None
        asked = [wish.limit for wish in self.limits if wish.metric == self.score]
        return (max if self.score_direction == "maximise" else min)([self.quality, *asked])

    def credited(self, score: float) -> float:
        """Return a figure of merit without what is more than enough."""
        if self.enough is None:
            return score
        return at_most(score, self.enough, self.score_direction)

    @property
    def cost(self) -> str:
        """What the figure of merit is traded against: the goal, or LUTs where that is the merit."""
        return "lut" if self.goal == self.score else self.goal

    @property
    def asked(self) -> list[Wish]:
        """The limits that were asked for."""
        return [wish for wish in self.limits if not wish.implied]

    @property
    def text(self) -> str:
        """What is wanted, in a sentence."""
        best = "least" if self.direction == "minimise" else "best"
        within = ", ".join(wish.text for wish in self.asked)
        return f"the {best} {title(self.goal)}" + (f" with {within}" if within else "")


def wishes_of(
    given: Mapping[str, str],
    *,
    score: str,
    score_direction: Direction,
    optimise: str | None,
    part: str,
    clock_period_ns: float,
) -> Wishes:
    """Return what is wanted.

    Args:
        given: limits as written, by option: ``accuracy``, ``latency``, ``interval``, ``lut``,
            ``ff``, ``dsp``, ``bram``.
        score: figure of merit of the network.
        score_direction: of the figure of merit.
        optimise: option to optimise; by default LUTs where the figure of merit has a limit, else
            the figure of merit.
        part: FPGA part.
        clock_period_ns: requested clock period.

    Raises:
        UsageError: a limit is malformed, or no design can keep it; or the part is not known.
    """
    counts = capacity_of_part(part).counts
    metrics = {"accuracy": score, **OPTIONS}
    found = [
        _quality(given["accuracy"], score, score_direction)
        if option == "accuracy"
        else _cost(option, text, part, counts)
        for option, text in given.items()
    ]
    named = {wish.metric for wish in found}
    implied = [
        Wish(name, counts[name], "minimise", f"all of {part}", implied=True)
        for name in COUNTS
        if name in counts and name not in named
    ]
    goal = metrics[optimise or ("lut" if "accuracy" in given else "accuracy")]
    direction = score_direction if goal == score else "minimise"
    return Wishes(
        score, score_direction, goal, direction, part, clock_period_ns, (*found, *implied)
    )


OPTIONS: Mapping[str, str] = {
    "latency": "latency_ns",
    "interval": "interval_ns",
    "lut": "lut",
    "ff": "ff",
    "dsp": "dsp",
    "bram": "bram_18k",
}
"""Metric of every option that limits a cost."""


def _quality(text: str, score: str, direction: Direction) -> Wish:
    value = _number(text, "--accuracy", "such as 0.97")
    most = _BOUNDED.get(score)
    if most is not None and value > most:
        raise UsageError(
            f"no design has an {title(score)} of {value:g}: it is at most {most:g}",
            where=f"--accuracy {text}",
            hint="such as --accuracy 0.97",
        )
    if most is not None and score != "r2" and value <= 0:
        message = f"every design has an {title(score)} of at least 0"
        raise UsageError(message, where=f"--accuracy {text}", hint="leave it out, or ask for more")
    return Wish(score, value, direction, text)


def _cost(option: str, text: str, part: str, counts: Mapping[str, float]) -> Wish:
    place = f"--{option} {text}"
    metric = OPTIONS[option]
    if metric in TIMES:
        value = time_ns(text, place)
        if value <= 0:
            what = f"a {title(metric)} of {number(value, 'ns')}"
            raise UsageError(f"no circuit has {what}", where=place, hint="such as 500ns")
        return Wish(metric, value, "minimise", text)
    value = _count(text, place, part, counts.get(metric))
    allowed_none = metric in {"dsp", "bram_18k"}
    if value < 0 or (value == 0 and not allowed_none):
        message = f"no circuit has {number(value)} {title(metric)}"
        raise UsageError(message, where=place, hint="a count, or a share of the part such as 30%")
    if metric in counts and value > counts[metric]:
        message = f"{part} has {number(counts[metric])} {title(metric)}"
        hint = "leave the limit out for all of the part, or name a larger part"
        raise UsageError(message, where=place, hint=hint)
    return Wish(metric, value, "minimise", text)


def time_ns(text: str, place: str) -> float:
    """Return a time in nanoseconds; raises UsageError where it is none."""
    found = re.fullmatch(rf"\s*({_NUMBER})\s*([a-zµμ]+)\s*", text)
    if found is None or found[4] not in TIMES_NS:
        raise UsageError("should be a time with its unit", where=place, hint="500ns, 2us or 1ms")
    return float(found[1]) * TIMES_NS[found[4]]


def _count(text: str, place: str, part: str, capacity: float | None) -> float:
    share = text.strip().endswith("%")
    value = _number(text.strip().removesuffix("%"), place, "a count, or a share such as 30%")
    if not share:
        return value
    if not capacity:
        message = f"{part} has none, so a share of them says nothing"
        raise UsageError(message, where=place, hint="give a count")
    if value > 100:
        message = f"{value:g} % is more than the part has"
        raise UsageError(message, where=place, hint="at most 100%")
    return value / 100 * capacity


def _number(text: str, place: str, hint: str) -> float:
    if re.fullmatch(_NUMBER, text.strip()) is None:
        raise UsageError(f"'{text}' is no number", where=place, hint=hint)
    return float(text.strip())
