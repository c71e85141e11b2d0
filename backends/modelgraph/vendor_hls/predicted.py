"""Predictions of a vendor's report: a number with a tested interval, or why there is none."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

QUANTITIES = ("lut", "ff", "dsp", "bram_18k", "latency_cycles", "interval_cycles")
"""What is predicted of a layer and of a network; names of metrics."""

LEVEL_PERCENT = 90
"""Share of reports that intervals are made to hold; docs/results/vendor.md says what they held."""


@dataclass(frozen=True)
class Predicted:
    """A predicted number.

    Args:
        value: the prediction.
        low: lower end of its 90 % interval; `value` itself for a rule without an exception.
        high: upper end.
        extrapolated: what of the layer lies outside the published designs, one phrase each;
            empty inside them.
    """

    value: float
    low: float
    high: float
    extrapolated: tuple[str, ...] = ()

    @classmethod
    def exact(cls, value: float) -> "Predicted":
        """Return the result of a rule that every published row follows."""
        return cls(value, value, value)

    @classmethod
    def within(cls, value: float, spread: float, outside: tuple[str, ...] = ()) -> "Predicted":
        """Return a number whose interval reaches by a factor e**spread to both sides."""
        return cls(value, value * math.exp(-spread), value * math.exp(spread), outside)


@dataclass(frozen=True)
class Unknown:
    """No number, because no rule is known.

    Args:
        reason: what there is no rule for, and what would have one.
    """

    reason: str


Answer = Predicted | Unknown
"""What is said about one quantity."""

Answers = Mapping[str, Answer]
"""What is said about a layer or a network, by the names of `QUANTITIES`."""

NOTHING: Answers = {name: Predicted.exact(name == "interval_cycles") for name in QUANTITIES}
"""Of a layer that is nothing but wires."""


def unknown(reason: str) -> Answers:
    """Return answers without a number, for one reason."""
    return {name: Unknown(reason) for name in QUANTITIES}


def outside(answers: Answers, phrase: str) -> Answers:
    """Return answers whose numbers say that something lies outside the published designs."""
    return {
        name: replace(answer, extrapolated=(*answer.extrapolated, phrase))
        if isinstance(answer, Predicted)
        else answer
        for name, answer in answers.items()
    }


def total(parts: Iterable[Answer]) -> Answer:
    """Return the sum; unknown where a part is.

    The ends are summed too: layers that share a tool err together, so errors are not expected to
    cancel.
    """
    listed = list(parts)
    reasons = [part.reason for part in listed if isinstance(part, Unknown)]
    if reasons:
        others = len(set(reasons)) - 1
        return Unknown(reasons[0] + (f"; and {others} more such parts" if others else ""))
    known = [part for part in listed if isinstance(part, Predicted)]
    outside = dict.fromkeys(phrase for part in known for phrase in part.extrapolated)
    return Predicted(
        sum(part.value for part in known),
        sum(part.low for part in known),
        sum(part.high for part in known),
        tuple(outside),
    )
