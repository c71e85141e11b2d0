"""Metrics of a routed network, with the spread over seeds."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from backends.openhls.metrics import METRICS
from backends.openhls.pnr.flow import Implemented
from backends.openhls.pnr.route import Routed
from dse.contracts.metrics import CATALOGUE, Fidelity, Metric
from dse.contracts.parameters import Value

_KNOWN = {**CATALOGUE, **{info.name: info for info in METRICS}}


def counted(counts: Mapping[str, int], fidelity: Fidelity) -> tuple[Metric, ...]:
    """Return counts as metrics."""
    return tuple(_KNOWN[name].metric(value, fidelity) for name, value in counts.items())


def metrics(
    made: Implemented, latency_cycles: int, interval_cycles: int, clock_period_ns: float
) -> tuple[Metric, ...]:
    """Return the metrics of a routed network.

    Times are at the achieved clock, 1000 / `fmax_mhz` ns. With several seeds a value is the
    mean, and its interval holds the mean of many seeds with 95 % (Student's t).

    Args:
        made: the runs.
        latency_cycles: cycles from the first input to the last output.
        interval_cycles: cycles from one input to the next.
        clock_period_ns: requested clock period.
    """
    whole: dict[str, float] = {
        "latency_cycles": latency_cycles,
        "interval_cycles": interval_cycles,
        "routed": made.routed,
        "seed": made.best.seed,
    }
    of_runs: dict[str, Callable[[Routed], float]] = {
        "fmax_mhz": lambda run: run.fmax_mhz,
        "clock_slack_ns": lambda run: clock_period_ns - 1000 / run.fmax_mhz,
        "latency_ns": lambda run: latency_cycles * 1000 / run.fmax_mhz,
        "interval_ns": lambda run: interval_cycles * 1000 / run.fmax_mhz,
        "logic_levels": lambda run: run.levels,
        **{name: _count(name) for name in made.best.counts},
    }
    found = [_KNOWN[name].metric(value, Fidelity.IMPLEMENTED) for name, value in whole.items()]
    found += [
        _over_seeds(name, [value(run) for run in made.runs]) for name, value in of_runs.items()
    ]
    return tuple(found)


def _count(name: str) -> Callable[[Routed], float]:
    return lambda run: run.counts[name]


def _over_seeds(name: str, values: Sequence[float]) -> Metric:
    """Return the mean over seeds with its interval; a single seed has none."""
    mean = float(np.mean(values))
    if len(values) == 1:
        return _KNOWN[name].metric(mean, Fidelity.IMPLEMENTED)
    from scipy.special import stdtrit  # slow to import, and single seeds do not need it

    error = float(np.std(values, ddof=1)) / len(values) ** 0.5
    reach = float(stdtrit(len(values) - 1, 0.975)) * error
    return _KNOWN[name].metric(mean, Fidelity.IMPLEMENTED, low=mean - reach, high=mean + reach)


def described(made: Implemented, counts: Mapping[str, int]) -> dict[str, Value]:
    """Return what was built, for the effective configuration.

    Args:
        made: the runs.
        counts: resources before packing, which Yosys has counted.
    """
    return {
        "clock": "routed",
        "before_packing": dict(counts),
        "fmax_mhz_by_seed": {str(run.seed): round(run.fmax_mhz, 2) for run in made.runs},
        "critical_path_ns": dict(made.best.path),
        **(
            {"not_routed": {str(seed): why for seed, why in made.failed.items()}}
            if made.failed
            else {}
        ),
    }


def left_out(built: Mapping[str, Value]) -> tuple[str, ...]:
    """Return a warning for each seed that was not routed.

    Args:
        built: what `described` returned.
    """
    failed = built.get("not_routed")
    seeds = failed.items() if isinstance(failed, dict) else ()
    return tuple(f"seed {seed} was not routed: {why}" for seed, why in seeds)
