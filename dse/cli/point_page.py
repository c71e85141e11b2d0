"""The output of `dse show`: everything that is stored about one point."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from dse.analysis.coarse_tables import TABLE_MEND, coarse_layers
from dse.analysis.effective import differences, merged_layers, warnings_of
from dse.analysis.overflow import MEND, overflows
from dse.analysis.points import Points
from dse.cli.console import console, fits, grid, print_json
from dse.contracts.errors import StoreError
from dse.formatting import aligned, counted, elapsed, point_text
from dse.store.queries import Results, StoredEvaluation, StoredMetric, StoredPoint


def show(results: Results, study: str, point_number: int, *, as_json: bool, wide: bool) -> None:
    """Print one point.

    Raises:
        StoreError: the study has no such point.
    """
    points = {point.number: point for point in Points(results, study).records()}
    if point_number not in points:
        raise no_such_point(study, point_number, points)
    point, evaluations = points[point_number], results.evaluations(study, point_number)
    if as_json:
        # Bootstrap replicas are hundreds of numbers that nobody reads.
        metrics = [{k: v for k, v in vars(m).items() if k != "replicas"} for m in point.metrics]
        shown = [vars(evaluation) for evaluation in evaluations]
        print_json({"parameters": point.parameters, "metrics": metrics, "evaluations": shown})
        return
    out = console(wide=wide)
    out.print(f"{study}, point {point.number}: {point_text(point.parameters) or 'no parameters'}")
    if point.metrics:
        _metrics(out, point)
        _targets(out, evaluations)
    if not evaluations:
        out.print("not evaluated yet")
    for evaluation in evaluations:
        _evaluation(out, evaluation, results.database.artifacts)
    _warnings(out, evaluations)


def no_such_point(study: str, number: int, numbers: Collection[int]) -> StoreError:
    """Return the error for a number that no current point of a study has."""
    return StoreError(
        f"study '{study}' has no current point {number}",
        hint=f"current points: {_spans(sorted(numbers))}",
    )


def _spans(numbers: Sequence[int]) -> str:
    """Return sorted numbers as ranges: 0 to 3, 7, 9 to 12."""
    starts = [n for n in numbers if n - 1 not in set(numbers)]
    ends = [n for n in numbers if n + 1 not in set(numbers)]
    pairs = zip(starts, ends, strict=True)
    return ", ".join(f"{a} to {b}" if b > a else str(a) for a, b in pairs) or "none"


_COLUMNS = ("metric", "value", "unit", "95 % interval", "fidelity", "backend")
_LESS_IMPORTANT = ("unit", "95 % interval")
"""Columns that a narrow terminal loses, the first one first; names of metrics hold their unit."""


def _metrics(out: Console, point: StoredPoint) -> None:
    rows = [_row(metric) for metric in point.metrics]
    dropped = (set(_LESS_IMPORTANT[:count]) for count in range(len(_LESS_IMPORTANT) + 1))
    kept = ([name for name in _COLUMNS if name not in some] for some in dropped)
    tables = [_table(rows, columns) for columns in kept]
    out.print(next((table for table in tables if fits(out, table)), tables[-1]))
    if not any(fits(out, table) for table in tables[:-1]):
        out.print("95 % intervals: --wide")


def _row(metric: StoredMetric) -> dict[str, str]:
    """Return the cells of a metric; the ends of its interval have the decimals of its value."""
    known = [end for end in (metric.low, metric.high) if end is not None]
    value, *ends = aligned([metric.value, *known])
    interval = " – ".join(ends)
    if ends and metric.fidelity.interval_percent != 95:
        interval += f" ({metric.fidelity.interval_percent} %)"
    texts = (metric.name, value, metric.unit, interval, metric.fidelity, metric.backend)
    return dict(zip(_COLUMNS, texts, strict=True))


def _table(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> Table:
    table = grid(*columns, title="metrics", right=("value", "95 % interval"))
    for row in rows:
        table.add_row(*(row[name] for name in columns))
    return table


def _targets(out: Console, evaluations: Sequence[StoredEvaluation]) -> None:
    """Print the part and the clock that counts, times and shares refer to."""
    for one in evaluations:
        part, period = one.parameters.get("part"), one.parameters.get("clock_period_ns")
        if part:
            clock = f" at {period:g} ns" if isinstance(period, (int, float)) else ""
            out.print(f"part and clock of {one.backend}: {part}{clock}")


def _evaluation(out: Console, evaluation: StoredEvaluation, artifacts: Path) -> None:
    facts = [
        evaluation.status,
        evaluation.tool,
        f"{evaluation.started_at:%Y-%m-%d %H:%M} UTC",
        evaluation.host,
    ]
    if evaluation.duration_s is not None:
        facts.insert(3, elapsed(evaluation.duration_s))
    out.print(f"{evaluation.backend}: {', '.join(filter(None, facts))}")
    for name, text in evaluation.failure.items():
        if text:
            out.print(f"  {name}: {text}")
    _types_to_mend(out, evaluation)
    _layers(out, evaluation)
    _facts(out, evaluation)
    _by_layer(out, evaluation)
    for role, path in evaluation.artifacts.items():
        file = artifacts / path
        near = file.is_relative_to(Path.cwd())
        out.print(f"  {role}: {file.relative_to(Path.cwd()) if near else file}")


def _types_to_mend(out: Console, evaluation: StoredEvaluation) -> None:
    """Print the layers whose values do not fit their types or tables, and what mends that."""
    for name, found, mend in (
        ("overflow", overflows(evaluation.effective), MEND),
        ("coarse table", coarse_layers(evaluation.effective), TABLE_MEND),
    ):
        for one in found:
            out.print(f"  {name}: {one}")
        if found:
            out.print(f"  {mend}")


def _warnings(out: Console, evaluations: Sequence[StoredEvaluation]) -> None:
    """Print each warning once, with all backends that gave it: they share the conversion."""
    found: dict[str, list[str]] = {}
    for evaluation in evaluations:
        for text in warnings_of(evaluation.effective):
            found.setdefault(text, []).append(evaluation.backend)
    for text, backends in found.items():
        out.print(f"warning ({', '.join(backends)}): {text}")


def _layers(out: Console, evaluation: StoredEvaluation) -> None:
    layers: dict[str, Any] = evaluation.effective.get("layers", {})
    rows = differences(evaluation.backend, evaluation.effective)
    for name, into in merged_layers(evaluation.effective).items():
        out.print(f"  layer {name} is merged into {into}")
    if layers and evaluation.status == "done":
        differ = f"differ in {counted(len(rows), 'setting')}" if rows else "are the same"
        out.print(f"  {counted(len(layers), 'layer')}; requested and effective {differ}")
    if rows:
        table = grid("layer", "setting", "requested", "effective")
        for row in rows:
            table.add_row(row.layer or "(all)", row.setting, row.requested, row.effective)
        out.print(table)


def _facts(out: Console, evaluation: StoredEvaluation) -> None:
    """Print further values of the effective configuration: single ones, and seconds by phase."""
    effective = evaluation.effective
    facts = {k: v for k, v in effective.items() if isinstance(v, (str, int, float))}
    if facts.get("clock") == "requested":
        facts["clock"] = "as requested; times are cycles of that clock"
    if stage := _predicted_stage(evaluation):
        facts["predicted stage"] = stage
    facts |= {f"{k} s": v for k, v in effective.get("seconds", {}).items()}
    if facts:
        out.print(f"  {', '.join(f'{name}: {value}' for name, value in facts.items())}")


def _predicted_stage(evaluation: StoredEvaluation) -> str:
    """Return which stage of a vendor's flow the numbers predict; empty where they do not."""
    predicted = evaluation.effective.get("predicted")
    return str(predicted.get("stage", "")) if isinstance(predicted, dict) else ""


def _by_layer(out: Console, evaluation: StoredEvaluation) -> None:
    """Print the resources of every layer, if the backend gives them."""
    effective = evaluation.effective
    layers: dict[str, dict[str, float]] = effective.get("resources") or effective.get("costs") or {}
    columns = list(dict.fromkeys(name for counts in layers.values() for name in counts))
    if not layers:
        return
    later = _predicted_stage(evaluation) not in ("", "csynth")  # those are of the network alone
    title = f"{evaluation.backend}: by layer{', as C synthesis reports it' if later else ''}"
    table = grid("layer", *columns, title=title, right=columns)
    texts = {name: _down(layers, name) for name in columns}
    for layer in layers:
        table.add_row(layer, *(texts[name].get(layer, "") for name in columns))
    out.print(table)


def _down(layers: dict[str, dict[str, float]], name: str) -> dict[str, str]:
    """Return the texts of one column by layer, all with the same decimals."""
    known = {layer: counts[name] for layer, counts in layers.items() if name in counts}
    return dict(zip(known, aligned(list(known.values())), strict=True))
