"""What `dse init --model` finds out about a network: layers, backends that take it, its size."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dse.contracts.backend import Backend, Context, Job
from dse.contracts.errors import EvaluationError, ToolMissingError, UsageError
from dse.contracts.inspection import InspectingBackend, LayerSummary
from dse.contracts.registry import Registry

WIDEST = 16
"""Width in bits of the designs whose size is counted."""

_MOST_REUSE = 5
"""Reuse factors of the design space at most."""


@dataclass(frozen=True)
class Request:
    """What the user gives.

    Args:
        model: network file, relative to the study.
        data: test set, as `workload.test_set`.
        targets: as `workload.test_targets`; None where the test set has them.
        output: as `workload.output`; None for the only one.
        modules: as `workload.custom_modules`.
    """

    model: str
    data: str
    targets: str | None = None
    output: str | None = None
    modules: Sequence[str] = ()


@dataclass(frozen=True)
class Facts:
    """What was found out.

    Args:
        score: figure of merit that fits outputs and targets.
        labels: what keeps the targets from being classes; empty where nothing does.
        layers: the layers in order.
        refusals: by backend, why it cannot take the network; empty for those that can.
        missing: by backend, what is missing on this machine; absent for those that run.
        reuse_factors: proposed values of the design space; empty for networks without any.
        sizes: resource counts by reuse factor, at `WIDEST` bits; empty where they are not known.
    """

    score: str
    labels: str
    layers: Sequence[LayerSummary]
    refusals: Mapping[str, str]
    missing: Mapping[str, str]
    reuse_factors: Sequence[int]
    sizes: Mapping[int, Mapping[str, float]]


def facts_of(file: Path, text: str, cache: Path) -> Facts:
    """Prepare the network of a study, and ask every installed backend about it.

    Args:
        file: path of the study, which relative paths start at.
        text: a study with one point that names the network; its backends are added.
        cache: folder of the cache.

    Raises:
        DataError: a file is wrong or missing.
        UsageError: no installed backend can describe a network.
        EvaluationError: the network cannot be converted.
    """
    backends, missing = _installed(Registry.installed())
    inspector = next((b for b in backends.values() if isinstance(b, InspectingBackend)), None)
    if inspector is None:
        hint = "pip install 'dse-fpga[hls]'"
        raise UsageError("no backend is installed that reads networks", hint=hint)
    listed = f"{text}\nbackends: [{', '.join(backends)}]\n"
    with jobs_at(file, listed, backends, cache) as (jobs, context):
        layers = inspector.layers(jobs[inspector.name], context)
        refusals = {name: b.refusal(jobs[name], context) for name, b in backends.items()}
        factors = proposed(layers)
        estimate = backends.get("estimate")
        sizes = {}
        if estimate and not refusals["estimate"]:
            sizes = {f: _size(estimate, jobs["estimate"], context, f) for f in factors or [1]}
        targets, shape = context.prepared.arrays["targets"], layers[-1].shape
        score = score_for(targets, shape)
    labels = labels_problem(targets, shape) if score == "mse" else ""
    return Facts(score, labels, layers, refusals, missing, factors, sizes)


def _installed(registry: Registry) -> tuple[dict[str, Backend], dict[str, str]]:
    """Return the backends that can be imported, and what keeps them from running here."""
    found: dict[str, Backend] = {}
    missing: dict[str, str] = {}
    for name in registry.backend_names():
        try:
            found[name] = backend = registry.backend_class(name)()
        except ToolMissingError as error:
            missing[name] = error.message
            continue
        if not (probe := backend.probe()).available:
            missing[name] = probe.reason
    return found, missing


@contextmanager
def jobs_at(
    file: Path, text: str, backends: Mapping[str, Backend], cache: Path
) -> Iterator[tuple[dict[str, Job], Context]]:
    """Give one job for every backend, and the context with the prepared network."""
    from dse.engine.plan import make_plan
    from dse.engine.worker import Folders, prepared, workload_of
    from dse.runtime.cache import open_cache
    from dse.study.validate import parse_binding

    binding = parse_binding(text, file, Registry.installed())
    plan = make_plan(binding, backends, list(binding.space.points()), offline=True)
    jobs = {job.backend: job for job in plan.jobs.values()}
    with tempfile.TemporaryDirectory(prefix="dse-init-") as folder:
        folders = Folders(open_cache(cache), Path(folder))
        first = next(iter(jobs.values()))
        network = prepared(first, folders)
        yield jobs, Context(network, workload_of(first), folders.cache, Path(folder))


def proposed(layers: Sequence[LayerSummary]) -> list[int]:
    """Return few reuse factors from 1 on, each legal in more than half of the layers."""
    legal = [layer.reuse_factors for layer in layers if layer.reuse_factors]
    if not legal:
        return []
    counts = Counter(factor for factors in legal for factor in factors)
    often = sorted(factor for factor, count in counts.items() if 2 * count > len(legal))
    wanted = np.geomspace(1, often[-1], _MOST_REUSE)
    return sorted({min(often, key=lambda f: abs(np.log(f / target))) for target in wanted})


def _size(backend: Backend, job: Job, context: Context, reuse: int) -> Mapping[str, float]:
    asked = {**job.parameters, "reuse_factor": reuse, "total_bits": WIDEST}
    try:
        outcome = backend.evaluate(replace(job, parameters=asked), context)
    except EvaluationError:
        return {}
    return {metric.name: metric.value for metric in outcome.metrics}


def score_for(targets: NDArray[np.generic], shape: Sequence[int]) -> str:
    """Return the figure of merit that targets and outputs of this shape suggest."""
    values = np.unique(targets)
    whole = bool(np.equal(values, np.rint(values)).all())
    classes = shape[-1] if shape else 1
    binary = whole and set(values.tolist()) <= {0, 1}
    if classes == 1:
        return "auc" if binary and len(values) == 2 else "mse"
    numbers = targets.size * classes == len(targets) * int(np.prod(shape))
    if numbers and whole and values.min() >= 0 and values.max() < classes:
        return "accuracy"
    columns = targets.shape[-1] == classes
    one_hot = binary and columns and bool((targets.sum(axis=-1) == 1).all())
    return "accuracy" if one_hot else "mse"


def labels_problem(targets: NDArray[np.generic], shape: Sequence[int]) -> str:
    """Return why whole numbers cannot be the classes of an output; empty for other targets."""
    classes = shape[-1] if shape else 1
    low, high = targets.min(), targets.max()
    whole = bool(np.equal(targets, np.rint(targets)).all())
    if classes == 1 or not whole or targets.size != len(targets):
        return ""
    return f"classes would be the numbers 0 to {classes - 1}; the targets are {low:g} to {high:g}"
