"""Metrics and effective configuration from the reports of a design.

Every number is of the last stage that gives it.
"""

from collections.abc import Iterator

from backends.hls4ml.reports.csynth import Csynth, Used
from backends.hls4ml.vendor.reading import VendorReports
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.metrics import Fidelity, Metric
from dse.contracts.parameters import Value

COUNTS = ("lut", "ff", "dsp", "bram_18k", "uram")
_VIVADO_FIDELITY = {"vsynth": Fidelity.VSYNTH, "impl": Fidelity.IMPLEMENTED}


def achieved(reports: VendorReports) -> tuple[float | None, str]:
    """Return the achieved clock period in ns and its source: ``slack``, or HLS' ``estimate``.

    The period is None where no report gives one.
    """
    vivado, csynth = reports.vivado, reports.csynth
    if vivado is not None and vivado.period_ns is not None:
        return vivado.period_ns, "slack"
    return (csynth.estimated_clock_ns if csynth else None), "estimate"


def facts(reports: VendorReports) -> dict[str, Value]:
    """Return the effective configuration: target, clock, versions, capacity, module resources."""
    period, source = achieved(reports)
    csynth, vivado = reports.csynth, reports.vivado
    found: dict[str, Value] = {"stage": reports.stage}
    if period is not None:
        found |= {"clock": source, "achieved_clock_ns": round(period, 3)}
    given: dict[str, Value] = {
        "tool_version": csynth.version if csynth else "",
        "part": reports.part,
        "clock_period_ns": reports.target_clock_ns,
        "vivado_version": vivado.version if vivado else "",
    }
    found |= {name: value for name, value in given.items() if value}
    if warnings := _warnings(reports, period):
        found["warning"] = "; ".join(warnings)
    return found | (_of_csynth(csynth) if csynth else {})


def _warnings(reports: VendorReports, period: float | None) -> tuple[str, ...]:
    target = reports.target_clock_ns
    late = period is not None and target is not None and period > target
    return (*reports.warnings, *(("timing is not met",) if late else ()))


def _of_csynth(csynth: Csynth) -> dict[str, Value]:
    """Return the part's capacity and the modules' resources, where the report gives them.

    The capacity by the tool itself: utilisation of parts that dse's table lacks needs it.
    """
    found: dict[str, Value] = {}
    if csynth.available is not None:
        available = {name: getattr(csynth.available, name) for name in COUNTS}
        found["available"] = {name: most for name, most in available.items() if most}
    if csynth.modules:
        found["resources"] = {
            name: {count: getattr(module.used, count) for count in COUNTS}
            for name, module in csynth.modules.items()
        }
    return found


def metrics(reports: VendorReports) -> tuple[Metric, ...]:
    """Return cycles, times, clock slack and resource counts, as far as the reports give them.

    Times are cycles times the requested clock period, or the achieved one where that is longer.

    Raises:
        EvaluationError: report_missing, where the tool does not know latency or interval.
    """
    csynth, vivado, target = reports.csynth, reports.vivado, reports.target_clock_ns
    period, source = achieved(reports)
    counted = Fidelity.CSYNTH if vivado is None else _VIVADO_FIDELITY[vivado.stage]
    clocked = counted if source == "slack" else Fidelity.CSYNTH
    found: list[Metric] = []
    if csynth is not None:
        longest = None if period is None or target is None else max(period, target)
        found += _cycles(csynth, reports, longest)
    if period is not None and target is not None:
        found.append(Metric.of("clock_slack_ns", target - period, clocked))
    if vivado is not None:
        found += _counts(vivado.used, counted)
    elif csynth is not None:
        found += _counts(csynth.used, counted)
    return tuple(found)


def _cycles(csynth: Csynth, reports: VendorReports, period_ns: float | None) -> Iterator[Metric]:
    """Yield latency and interval, of co-simulation where it measured them.

    Co-simulation with a single input measures no interval; C synthesis' number stays then. Without
    a clock period there are no times.
    """
    for name in ("latency", "interval"):
        cycles, fidelity = getattr(csynth.timing, f"{name}_max"), Fidelity.CSYNTH
        if reports.cosim is not None:
            seen = getattr(reports.cosim.timing, f"{name}_max")
            cycles, fidelity = (cycles, fidelity) if seen is None else (seen, Fidelity.RTL)
        if cycles is None:
            message = f"the tool does not know the {name}: a loop has variable bounds"
            raise EvaluationError(FailureKind.REPORT_MISSING, message)
        yield Metric.of(f"{name}_cycles", cycles, fidelity)
        if period_ns is not None:
            yield Metric.of(f"{name}_ns", cycles * period_ns, fidelity)


def _counts(used: Used, fidelity: Fidelity) -> Iterator[Metric]:
    for name in COUNTS:
        yield Metric.of(name, getattr(used, name), fidelity)
