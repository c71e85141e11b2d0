"""A decision in words: one sentence with its evidence, and the commands that act on it."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dse.analysis.columns import Column
from dse.analysis.decision import Decision, Evidence, Step
from dse.analysis.failed import failed_text
from dse.analysis.intervals import WITHIN
from dse.analysis.points import Points
from dse.analysis.seeds import seed_of
from dse.contracts.circuits import CircuitBackend
from dse.contracts.errors import DseError
from dse.contracts.metrics import SHARE_SUFFIX, Fidelity
from dse.contracts.registry import Registry, installed_metrics
from dse.formatting import counted, interval, number, readable_time, value_text

WORDS = {
    Fidelity.FLOAT: "in floating point",
    Fidelity.EMULATED: "bit-true",
    Fidelity.ESTIMATE: "estimated",
    Fidelity.PREDICTED: "predicted",
    Fidelity.CSIM: "by csim",
    Fidelity.CSYNTH: "by csynth",
    Fidelity.RTL: "by RTL",
    Fidelity.VSYNTH: "by Vivado synthesis",
    Fidelity.IMPLEMENTED: "placed and routed",
    Fidelity.MEASURED: "measured",
}
"""How a number was obtained, as it stands behind it."""


_SMALL = 0.005
"""Share below which a change is not told in per cent."""


def name_of(metric: str) -> str:
    """Return the title of a metric, as its package defines it."""
    info = installed_metrics().get(metric)
    return info.title if info else metric.replace("_", " ")


def sentence(points: Points, found: Decision) -> str:
    """Return the answer, such as ``point 31: total bits 12; AUC 0.988 [0.986, 0.991] bit-true``."""
    settings = ", ".join(_settings(found.parameters)) or "the only design"
    numbers = ", ".join(evidence_text(points, found.number, one) for one in found.evidence)
    steps = [text for text in (cheaper_text(found), better_text(found)) if text]
    parts = (numbers, failed_text(points, found.number), beaten_text(found), *steps)
    return f"point {found.number}: {settings}; {'; '.join(filter(None, parts))}"


def _settings(parameters: Mapping[str, Any]) -> Iterator[str]:
    for name, value in parameters.items():
        yield f"{name.replace('_', ' ')} {value_text(value)}"


def evidence_text(points: Points, point: int, one: Evidence) -> str:
    """Return a number with its interval, its share of the part, and how it was obtained."""
    divisor, unit = readable_time(one.value, one.column.unit)
    value = one.value / divisor
    text = f"{name_of(one.column.metric)} {number(value, unit)}"
    if one.low is not None and one.high is not None:
        text += f" {interval(one.low / divisor, one.high / divisor, value)}"
    share = share_of(points, point, one.column)
    text += f" ({share:.2g} % of the part)" if share is not None else ""
    text += f" {WORDS[one.column.fidelity]}"
    routed = one.column.fidelity is Fidelity.IMPLEMENTED
    seed = seed_of(points, point, one.column.backend) if routed else None
    return text if seed is None else f"{text} with seed {seed}"


def share_of(points: Points, point: int, column: Column) -> float | None:
    """Return what a count takes of its part, in per cent; None where that is not known."""
    share = replace(column, metric=f"{column.metric}{SHARE_SUFFIX}")
    same = [
        c
        for c in points.columns
        if (c.metric, c.backend, c.fidelity) == (share.metric, share.backend, share.fidelity)
    ]
    value = points.numbers(same[0])["value"].get(point) if same else None
    return None if value is None or value != value else float(value)  # noqa: PLR0124


def beaten_text(found: Decision) -> str:
    """Say how many points of the study the answer dominates, and how many are as good."""
    if found.n_compared < 2:
        return "the only point with these numbers"
    beats = f"beats {found.n_beaten} of the other {found.n_compared - 1}"
    return f"{beats}; {counted(found.n_front, 'point')} on the front"


def left_out_text(found: Decision) -> str:
    """Say which points were left out of the answer although they meet the conditions."""
    parts = []
    if found.n_too_large:
        parts.append(f"{counted(found.n_too_large, 'point')} larger than the part")
    if found.n_unknown:
        parts.append(f"{counted(found.n_unknown, 'point')} without a metric of a condition")
    return f"left out: {', '.join(parts)}" if parts else ""


def cheaper_text(found: Decision) -> str:
    """Say what the next cheaper design costs in the first objective."""
    return _step_text("one step cheaper", found.cheaper, found)


def better_text(found: Decision) -> str:
    """Say what the next better design gains in the first objective, and what that costs."""
    return _step_text("one step better", found.better, found)


def _step_text(name: str, step: Step | None, found: Decision) -> str:
    if step is None:
        return ""
    values = {one.column: one.value for one in found.evidence}
    changes = [
        _change(column, change, values[column]) + (f" ({WITHIN})" if column in step.within else "")
        for column, change in step.changes.items()
        if change
    ]
    return f"{name} is point {step.number}: {', '.join(changes)}" if changes else ""


def _change(column: Column, change: float, value: float) -> str:
    """Return a change, of a cost with its share of the value."""
    sign = "+" if change > 0 else "−"
    divisor, unit = readable_time(value, column.unit)
    text = f"{name_of(column.metric)} {sign}{_rounded(abs(change) / divisor)} {unit}".strip()
    share = change / value if value and column.direction == "minimise" else 0.0
    return f"{text} ({share:+.0%})" if abs(share) >= _SMALL else text


def _rounded(value: float) -> str:
    """Return a difference with two significant digits; whole ones from a hundred keep all."""
    return number(value) if value >= 100 else f"{value:.2g}"


def commands(points: Points, found: Decision, database: Sequence[str] = ()) -> list[str]:
    """Return the commands that build the design again and show all of it.

    Args:
        points: the study.
        found: the answer.
        database: option that names the database, or nothing.
    """
    of_study = ["--study", points.study, *database]
    number = str(found.number)
    build = (
        ["build", number, "--out", f"design-{number}"]
        if has_circuit(points, found.number)
        else None
    )
    wanted = [build or ["reproduce", number], ["show", number]]
    return [shlex.join(["dse", *words, *of_study]) for words in wanted]


_OF_CIRCUITS = (Fidelity.RTL, Fidelity.VSYNTH, Fidelity.IMPLEMENTED)


def has_circuit(points: Points, number: int) -> bool:
    """Return whether a backend that can hand out circuits has evaluated a point."""
    makers = points.once("circuit backends", lambda: tuple(_circuit_backends(points)))
    return any(points.stored.tools(backend, [number]) for backend in makers)


def _circuit_backends(points: Points) -> Iterator[str]:
    registry = Registry.installed()
    # only those that make circuits are imported, which takes time
    made = (column.backend for column in points.columns if column.fidelity in _OF_CIRCUITS)
    for name in dict.fromkeys(made):
        try:
            kind = registry.backend_class(name)
        except DseError:  # of a package that is not installed here, or of an import
            continue
        if issubclass(kind, CircuitBackend):
            yield name
