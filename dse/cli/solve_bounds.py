"""What `dse solve` finds out before it searches: layers, quality, and what no design beats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from dse.analysis.solution import COSTS
from dse.analysis.wishes import Wish, Wishes, title
from dse.cli.network_facts import jobs_at, score_for
from dse.cli.solve_network import Network
from dse.contracts.backend import Backend, Context, Job
from dse.contracts.errors import EvaluationError, UsageError
from dse.contracts.inspection import InspectingBackend, LayerSummary
from dse.contracts.metrics import CATALOGUE
from dse.contracts.parameters import Value
from dse.contracts.registry import Registry
from dse.formatting import number
from dse.study.per_layer import BITS, WEIGHT_BITS

_WIDE = 24
"""Width in bits at which a figure of merit is that of the network itself."""

_SLACK = 0.7
"""Share of the least count of the formulas below which no design is expected."""


@dataclass(frozen=True)
class Bounds:
    """What is known of a network before the search.

    Args:
        score: figure of merit that fits outputs and targets.
        quality: its value at so many bits that nothing is lost.
        layers: the layers in order.
        least: least predicted cost by metric, of the narrowest designs.
        seconds: what one design takes to evaluate.
        estimate_s: what its costs by formula take of that.
    """

    score: str
    quality: float
    layers: Sequence[LayerSummary]
    least: Mapping[str, float]
    seconds: float
    estimate_s: float


def bounds_of(folder: Path, network: Network, cache: Path, part: str, clock_ns: float) -> Bounds:
    """Prepare a network and evaluate a few extreme designs; nothing is stored.

    Args:
        folder: that the paths of the network and its test set are relative to.
        network: with its test set.
        cache: folder of the cache.
        part: FPGA part.
        clock_ns: requested clock period.

    Raises:
        DseError: network or test set are wrong, or a backend is missing.
        EvaluationError: the network cannot be converted.
    """
    registry = Registry.installed()
    backends = {name: registry.backend_class(name)() for name in ("bittrue", "estimate")}
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "study.yaml"
    text = _text(network, network.score or "accuracy", part, clock_ns)
    with jobs_at(file, text, backends, cache) as (jobs, context):
        inspector = backends["bittrue"]
        assert isinstance(inspector, InspectingBackend)  # noqa: S101  (bittrue is one)
        layers = inspector.layers(jobs["bittrue"], context)
        score = network.score or score_for(context.prepared.arrays["targets"], layers[-1].shape)
    with jobs_at(file, _text(network, score, part, clock_ns), backends, cache) as (jobs, context):
        probe = _Probe(backends, jobs, context)
        quality = probe.numbers("bittrue", total_bits=_WIDE)[score]
        started = perf_counter()
        probe.numbers("bittrue", total_bits=12)
        halfway = perf_counter()
        probe.numbers("estimate", total_bits=12)
        ended = perf_counter()
        least = _least(probe, layers)
    return Bounds(score, quality, layers, least, ended - started, ended - halfway)


def _text(network: Network, score: str, part: str, clock_ns: float) -> str:
    lines = [*network.lines(score), "space:", "  precision: profiled"]
    lines += ["  strategy: resource", "backends:", "  - bittrue", "  - name: estimate"]
    lines += ["    tool: open", f"    part: {part}", f"    clock_period_ns: {clock_ns}"]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class _Probe:
    """Evaluates designs beside the store."""

    backends: Mapping[str, Backend]
    jobs: Mapping[str, Job]
    context: Context

    def numbers(self, backend: str, **given: Value) -> dict[str, float]:
        """Return metrics by name."""
        job = self.jobs[backend]
        job = replace(job, parameters={**job.parameters, **given})
        outcome = self.backends[backend].evaluate(job, self.context)
        return {metric.name: metric.value for metric in outcome.metrics}


def _least(probe: _Probe, layers: Sequence[LayerSummary]) -> dict[str, float]:
    """Return the least cost by metric of the narrowest designs, at all reuse factors alike."""
    factors = sorted({f for layer in layers for f in layer.reuse_factors} or {1})
    narrow: dict[str, Value] = {
        one.name: {"bits": BITS[0], **({"weight_bits": WEIGHT_BITS[0]} if one.weights else {})}
        for one in layers
    }
    found: dict[str, float] = {}
    for factor in factors:
        try:
            numbers = probe.numbers("estimate", layers=narrow, reuse_factor=factor)
        except EvaluationError:
            continue
        for name in COSTS:
            if name in numbers:
                found[name] = min(found.get(name, numbers[name]), numbers[name])
    return found


def refuse_impossible(wishes: Wishes, bounds: Bounds) -> None:
    """Refuse limits that the bounds show to be out of reach, all of them together.

    Raises:
        UsageError: no design can keep a limit.
    """
    told = [text for wish in wishes.limits if (text := _impossible(wish, wishes, bounds))]
    if told:
        raise UsageError(
            "no design can meet this budget: " + "; ".join(told),
            hint="loosen what is named, take a larger part or a shorter clock period, or train "
            "another network",
        )


def _impossible(wish: Wish, wishes: Wishes, bounds: Bounds) -> str:
    if wish.metric == wishes.score:
        # what rounding may add by chance is no design's merit
        room = 0.01 * abs(bounds.quality)
        if wish.missed(bounds.quality) * abs(wish.limit) <= room:
            return ""
        return f"{wish.text}, and the network itself has {number(bounds.quality)}"
    least = bounds.least.get(wish.metric)
    factor = 1.0 if wish.metric.endswith("_ns") else _SLACK
    if least is None or wish.limit >= factor * least:
        return ""
    unit = CATALOGUE[wish.metric].unit
    whose = f" (all that {wishes.part} has)" if wish.implied else ""
    return (
        f"{wish.text}{whose}, and of designs of {BITS[0]} bits the least {title(wish.metric)} "
        f"is {number(least, unit)}, by formula"
    )
