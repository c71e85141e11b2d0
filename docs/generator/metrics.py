"""Tables of metrics."""

from collections.abc import Iterable

from dse.contracts.backend import Backend
from dse.contracts.metrics import CATALOGUE, Fidelity, MetricInfo
from generator.markdown import cell, code, generated, sentence, table
from generator.plugins import backends, workloads

_TIMES = ("latency_ns", "batch_latency_ns", "throughput_hz")
_CYCLES = ("latency_cycles", "latency_ns", "interval_cycles", "interval_ns")
_COUNTS = ("lut", "ff", "dsp", "bram_18k", "uram")
_INTEL = ("alut", "register", "ram_block", "dsp_block", "mlab")
_BY_STAGE: dict[str, dict[str, str]] = {
    "cpu": dict.fromkeys(_TIMES, "measured"),
    "vitis": dict.fromkeys(_CYCLES, "csynth or rtl")
    | dict.fromkeys(_COUNTS, "csynth, vsynth or implemented")
    | {"clock_slack_ns": "csynth, vsynth or implemented"},
    "aoc": dict.fromkeys(_INTEL, "csynth or implemented") | {"kernel_fmax_mhz": "implemented"},
}
_BY_STAGE["vivado"] = _BY_STAGE["vitis"]
"""Fidelities of a backend's metrics where they are not the backend's own: of the CPU backend the
outputs are float and the times are measured, and of vendor tools it depends on the stage."""


def catalogue() -> dict[str, MetricInfo]:
    """Return every metric that has a definition: the framework's, and those of plug-ins."""
    found = dict(CATALOGUE)
    for kind in (*backends(), *workloads()):
        found |= {info.name: info for info in getattr(kind, "metric_definitions", ())}
    return found


def fidelities(kind: type[Backend], metric: str) -> str:
    """Return the fidelity, or those it can have, of a backend's metric."""
    known = _BY_STAGE.get(kind.name, {})
    return known.get(metric.removesuffix("_pct"), kind.fidelity.value)


def page() -> str:
    """Return the page of the catalogue, and of what gives each metric."""
    rows = [
        (
            code(info.name),
            cell(info.unit),
            info.direction,
            sentence(cell(info.description)),
            ", ".join(_givers(info.name)),
        )
        for info in catalogue().values()
    ]
    what = (
        "Every metric of the catalogue, and which backend gives it at which fidelity. "
        "[Fidelity](../glossary.md#fidelity) says how close to the built design a number is; a "
        "front never mixes fidelities of one metric. Figures of merit such as `auc` come from "
        "every backend that computes outputs."
    )
    ladder = table(("Fidelity", "Rank"), ((code(f.value), str(f.rank)) for f in Fidelity))
    body = table(("Metric", "Unit", "Better", "Meaning", "Given by"), rows)
    return generated("Metrics", what, f"{body}\n## Fidelities\n\n{_RANKS}\n\n{ladder}")


_RANKS = "Of several numbers for one metric, the one of the highest rank is taken."


def table_of(name: str) -> str:
    """Return the metrics of one backend."""
    kind = next(kind for kind in backends() if kind.name == name)
    rows = [_row(metric, fidelities(kind, metric)) for metric in kind.metrics]
    if kind.computes_outputs:
        text = "Figures of merit of the workload, with 95 % intervals."
        rows.insert(0, ("`auc`, `accuracy`, …", kind.fidelity.value, "", text))
    return table(("Metric", "Fidelity", "Unit", "Meaning"), rows)


def _row(metric: str, fidelity: str) -> tuple[str, str, str, str]:
    info = catalogue().get(metric)
    unit, text = (info.unit, info.description) if info else ("", "")
    return code(metric), fidelity, cell(unit), sentence(cell(text)) if text else ""


def _givers(metric: str) -> Iterable[str]:
    merits = {name for workload in workloads() for name in workload.metrics}
    for kind in backends():
        scores = kind.computes_outputs and metric in merits
        if metric in kind.metrics or scores:
            yield f"{kind.name} ({kind.fidelity.value if scores else fidelities(kind, metric)})"
