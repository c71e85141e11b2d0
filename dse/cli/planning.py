"""`dse plan`: what `dse run` would evaluate, and how long it would take."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dse.cli.console import DEFAULT_DATABASE, Database, JsonFlag, console, grid, print_json
from dse.cli.elsewhere import elsewhere, sentences
from dse.cli.study_options import (
    DEFAULT_CACHE,
    CacheFolder,
    Loaded,
    Overrides,
    StudyFile,
    load,
    warn_of_parts,
)
from dse.formatting import counted, elapsed

if TYPE_CHECKING:
    from dse.contracts.backend import Job
    from dse.engine.forecast import Work
    from dse.store.records import Known


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(plan)


def plan(
    study: StudyFile,
    overrides: Overrides = None,
    database: Database = DEFAULT_DATABASE,
    cache: CacheFolder = DEFAULT_CACHE,
    workers: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Evaluations at a time, as dse run would be told."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show what `dse run` would do, and how long it would take."""
    from dse.engine.forecast import wall_s

    loaded = load(study, overrides, cache)
    known = _known(database, list(loaded.plan.jobs))
    todo = _to_do(loaded, known)
    measured = _measured(database)
    works = _works(loaded, todo, measured)
    absent = elsewhere(loaded, known, cache)
    rows = [
        _row(loaded, name, todo, works[name])
        | _outlook(loaded, name, todo, cache)
        | ({"elsewhere": absent[name]} if name in absent else {})
        for name in loaded.plan.probes
    ]
    to_prepare = _to_prepare(loaded, todo, cache)
    cores = workers or os.cpu_count() or 1
    unknown = loaded.unknown_parts()
    summary = {
        "study": loaded.binding.study.name,
        "points": len(loaded.plan.points),
        "backends": rows,
        "networks_to_prepare": len(to_prepare),
        "expected_s": round(wall_s(list(works.values()), to_prepare, cores), 1),
        "cores": cores,
        "ladder": bool(loaded.binding.study.search.ladder),
        "unknown_parts": unknown,
    }
    if loaded.binding.study.search.method != "grid":
        summary["search"] = _search(loaded)
    if as_json:
        print_json(summary)
    elif "search" in summary:
        _print_search(summary)
    else:
        _print_plan(summary)
    if not as_json:
        warn_of_parts(unknown)


def _known(database: str, keys: list[str]) -> "dict[str, Known]":
    from dse.store.database import Database as StoredDatabase
    from dse.store.queries import Results

    return Results(database).known(keys) if StoredDatabase.of(database).exists else {}


def _to_do(loaded: Loaded, known: "dict[str, Known]") -> set[str]:
    from dse.engine.run import Policy

    policy = Policy()
    return {
        key
        for key, job in loaded.plan.jobs.items()
        if key not in known or policy.wants(known[key], _limit(loaded, job))
    }


def _limit(loaded: Loaded, job: "Job") -> float | None:
    resources = loaded.backends[job.backend].plan(job)
    return loaded.binding.limited(job.backend, resources).time_limit_s


def _measured(database: str) -> Mapping[str, float]:
    from dse.engine.forecast import measured_s
    from dse.store.database import Database as StoredDatabase
    from dse.store.queries import Results

    return measured_s(Results(database)) if StoredDatabase.of(database).exists else {}


def _works(loaded: Loaded, todo: set[str], measured: Mapping[str, float]) -> "dict[str, Work]":
    """Return the work of each backend: of a grid what is to do, of a search what is expected."""
    from dse.engine.forecast import work_of

    sample = loaded.sample
    jobs = loaded.plan.jobs.values() if sample is None else sample.jobs.values()
    found = {}
    for name in loaded.plan.probes:
        mine = [job for job in jobs if job.backend == name and (sample or job.key in todo)]
        needs = [loaded.backends[name].plan(job) for job in mine]
        found[name] = work_of(mine, needs, measured, _count(loaded, name, len(mine)))
    return found


def _count(loaded: Loaded, name: str, n_planned: int) -> float | None:
    """Return how many evaluations of a backend a search or ladder would make; None for all."""
    search = loaded.binding.study.search
    share = 1.0
    for step in search.ladder:
        share *= step.keep
        if name in step.backends:
            break
    if search.method == "grid":
        return n_planned * share if search.ladder else None
    return share * (search.budget.points or 0)


def _row(loaded: Loaded, name: str, todo: set[str], work: "Work") -> dict[str, Any]:
    jobs = [job for job in loaded.plan.jobs.values() if job.backend == name]
    waiting = [job for job in jobs if job.key in todo]
    return {
        "backend": name,
        "available": name not in loaded.missing,
        "tool": loaded.plan.probes[name].tool,
        "evaluations": len(jobs),
        "stored": len(jobs) - len(waiting),
        "to_do": len(waiting),
        "expected_s": round(work.total_s, 1),
        "missing": loaded.missing.get(name, ""),
    }


def _outlook(loaded: Loaded, name: str, todo: set[str], cache: Path) -> dict[str, Any]:
    """Return what a backend says before it runs, and what it waits for."""
    from dse.engine.verdicts import outlook

    jobs = [j for key, j in loaded.plan.jobs.items() if key in todo and j.backend == name]
    return outlook(loaded.backends[name], jobs, cache)


def _to_prepare(loaded: Loaded, todo: set[str], cache: Path) -> list[float]:
    """Return the expected seconds of every network that is not in the cache yet."""
    workload = loaded.binding.workload(loaded.binding.study.base)
    planned = [loaded.plan.jobs[key] for key in todo]
    if loaded.sample is not None:
        planned = list(loaded.sample.jobs.values())
    jobs = {job.fingerprint: job for job in planned}
    return [
        workload.expected_prepare_s(job.workload_parameters)
        for fingerprint, job in jobs.items()
        if not (cache / "networks" / fingerprint).is_dir()
    ]


def _search(loaded: Loaded) -> dict[str, Any]:
    """Return settings of a search; its points, and so their cost, depend on results."""
    search = loaded.binding.study.search
    first = search.rungs(loaded.binding.backends)[0]
    return {
        "method": search.method,
        "space": loaded.binding.space.narrowed(first.at).raw_size,
        "budget": search.budget.model_dump(exclude_none=True),
        "layers": _layer_values(loaded),
        "limits": {k: limit.model_dump(exclude_none=True) for k, limit in search.limits.items()},
        "ladder": [step.model_dump(exclude_none=True) for step in search.ladder],
    }


def _layer_values(loaded: Loaded) -> dict[str, dict[str, str]]:
    """Return by layer the least and the largest value of each of its parameters, and how many."""
    from dse.study.items import item_of

    found: dict[str, dict[str, str]] = {}
    for axis in loaded.binding.space.axes:
        for index, name in enumerate(axis.names):
            if "." in name:
                owner, item = item_of(name)
                values = [row[index] for row in axis.rows]
                found.setdefault(owner, {})[item] = _span_text(values)
    return found


def _span_text(values: list[Any]) -> str:
    if len(values) == 1:
        return str(values[0])
    return f"{values[0]} to {values[-1]} ({len(values)})"


def _print_layers(layers: dict[str, dict[str, str]]) -> None:
    items = list(dict.fromkeys(item for own in layers.values() for item in own))
    table = grid("layer", *items)
    for layer, own in layers.items():
        table.add_row(layer, *(own.get(item, "") for item in items))
    console().print(table)


def _print_search(summary: dict[str, Any]) -> None:
    search, out = summary["search"], console()
    budget = ", ".join(f"{name} {value:g}" for name, value in search["budget"].items())
    out.print(
        f"{summary['study']}: {search['method']} over a space of {search['space']:,} points "
        f"(constraints not counted), budget: {budget}"
    )
    for row in summary["backends"]:
        out.print(f"  {row['backend']}: {row['missing'] or row['tool']}")
    if search["layers"]:
        _print_layers(search["layers"])
    for number, step in enumerate(search["ladder"], 1):
        share = "all points" if number == 1 else f"the best {step['keep']:.0%} of those before"
        at = "".join(f", {name} {value}" for name, value in step["at"].items())
        out.print(f"  step {number}: {', '.join(step['backends'])}{at} on {share}")
    cores, hours = counted(summary["cores"], "core"), search["budget"].get("hours")
    if "points" in search["budget"]:
        expected = summary["expected_s"]
        limit = f", at most {elapsed(3600 * hours)}" if hours and 3600 * hours < expected else ""
        out.print(f"expected time: about {elapsed(expected)} on {cores}{limit}")
    elif hours:
        out.print(f"expected time: {elapsed(3600 * hours)}, the budget")
    out.print("the points, and so the time, depend on results")


def _said(name: str, row: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is said of a backend besides its tool: where it could run, and what it builds."""
    absent = row.get("elsewhere", {})
    yield from sentences(name, absent) if absent else ()
    for verdict in row["verdicts"] + absent.get("verdicts", []):
        says = "may not" if verdict["builds"] is None else "will not"
        number = counted(verdict["evaluations"], "evaluation")
        anyway = f" ({verdict['override']} tries it)" if verdict["override"] else ""
        yield f"{name} {says} build {number}: {verdict['reason']}{anyway}"
    if unread := row["unread"] + absent.get("unread", 0):
        networks = counted(unread, "network")
        yield f"{name}: what will be built is known once hls4ml has read {networks}"


def _print_plan(summary: dict[str, Any]) -> None:
    counts = ("evaluations", "stored", "to do", "expected")
    heading = f"{summary['study']}: {counted(summary['points'], 'point')}"
    table = grid("backend", *counts, title=heading, right=counts)
    for row in summary["backends"]:
        shown = (str(row[key]) for key in ("evaluations", "stored", "to_do"))
        table.add_row(row["backend"], *shown, elapsed(row["expected_s"]))
    out = console()
    out.print(table)
    for row in summary["backends"]:
        out.print(f"{row['backend']}: {row['missing'] or row['tool']}")
        for line in _said(row["backend"], row):
            out.print(line)
    if summary["networks_to_prepare"]:
        out.print(f"{counted(summary['networks_to_prepare'], 'network')} to prepare first")
    cores = counted(summary["cores"], "core")
    out.print(f"expected time: about {elapsed(summary['expected_s'])} on {cores}")
    if summary["ladder"]:
        out.print("the ladder's later steps are counted for the share of points that they keep")
