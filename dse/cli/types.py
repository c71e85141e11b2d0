"""`dse types`: the ranges of a network's tensors, and the types that hold them."""

from typing import TYPE_CHECKING, Any

import typer

from dse.cli.console import JsonFlag, console, print_json
from dse.cli.study_options import DEFAULT_CACHE, CacheFolder, Overrides, StudyFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rich.table import Table

    from dse.contracts.backend import Job
    from dse.contracts.tensors import ProfilingBackend, TensorType
    from dse.study.binding import Binding

_POINTS = 1000
"""Points of a study whose networks are looked for."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(types)


def types(
    study: StudyFile,
    overrides: Overrides = None,
    cache: CacheFolder = DEFAULT_CACHE,
    as_json: JsonFlag = False,
) -> None:
    """Propose integer bits and tables per layer.

    They follow from the range of every tensor on the evaluation set.
    """
    from dse.contracts.registry import Registry
    from dse.study.shipped import find_study
    from dse.study.validate import load_binding

    binding = load_binding(find_study(study), overrides or (), Registry.installed())
    backend = _profiler(binding)
    out, answer = console(), []
    for job in _networks(binding, backend):
        with console(stderr=True).status("preparing the network"):
            found, told = _profiled(job, backend, cache)
        asked = dict(job.workload_parameters)
        answer.append({"workload": asked, "types": found, "warnings": list(told)})
        if not as_json:
            out.print(_table(job, found))
            for text in told:
                out.print(f"warning: {text}")
    if as_json:
        print_json([{**entry, "types": [vars(t) for t in entry["types"]]} for entry in answer])
    else:
        out.print(
            "precision: profiled takes these types at every total_bits; layer_precision sets "
            "types of single layers"
        )


def _profiler(binding: "Binding") -> "ProfilingBackend":
    """Return the first backend of a study that can profile tensors.

    Raises:
        UsageError: there is none.
    """
    from dse.contracts.errors import UsageError
    from dse.contracts.tensors import ProfilingBackend

    for kind in binding.backends.values():
        if issubclass(kind, ProfilingBackend):
            return kind()
    raise UsageError(
        "no backend of this study can profile tensors", hint="add bittrue to its backends"
    )


def _networks(binding: "Binding", backend: "ProfilingBackend") -> "Iterator[Job]":
    """Yield one job for every network of a study."""
    from itertools import islice

    from dse.engine.plan import make_plan
    from dse.study.binding import sample_points

    grid = binding.study.search.method == "grid"
    points = binding.space.points() if grid else sample_points(binding)
    plan = make_plan(binding, {backend.name: backend}, list(islice(points, _POINTS)))
    seen: set[str] = set()
    for job in plan.jobs.values():
        if job.fingerprint not in seen:
            seen.add(job.fingerprint)
            yield job


def _profiled(
    job: "Job", backend: "ProfilingBackend", cache: "Path"
) -> "tuple[Sequence[TensorType], Sequence[str]]":
    """Prepare a network; return the types of its tensors, and what they cannot mend."""
    import tempfile
    from pathlib import Path

    from dse.contracts.backend import Context
    from dse.engine.worker import Folders, prepared, workload_of
    from dse.runtime.cache import open_cache

    with tempfile.TemporaryDirectory(prefix="dse-types-") as folder:
        folders = Folders(open_cache(cache), Path(folder))
        network = prepared(job, folders)
        context = Context(network, workload_of(job), folders.cache, Path(folder))
        return backend.tensor_types(job, context), backend.type_warnings(job, context)


def _table(job: "Job", found: "Sequence[TensorType]") -> "Table":
    from rich.table import Table

    width = job.parameters.get("total_bits")
    table = Table(title=f"{job.workload}: types of {width} bits", title_justify="left")
    table.add_column("layer", no_wrap=True)
    table.add_column("tensor", no_wrap=True)
    for name in ("lowest", "highest"):
        table.add_column(name, justify="right")
    table.add_column("type", overflow="fold")
    last: Any = None
    for entry in found:
        layer = "" if entry.layer == last else entry.layer
        last = entry.layer
        table.add_row(layer, entry.tensor, f"{entry.low:.4g}", f"{entry.high:.4g}", entry.proposed)
    return table
