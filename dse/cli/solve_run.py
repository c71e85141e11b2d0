"""Run the search of a budget, and print what was found."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from math import log10, prod
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from dse.analysis.solution import Designs
from dse.analysis.wishes import Wishes
from dse.cli.console import console, database_option, writing
from dse.cli.solve_answer import print_answer
from dse.cli.solve_bounds import Bounds
from dse.cli.solve_page import write_page
from dse.cli.solve_request import SolveRequest
from dse.cli.solve_study import is_routed, study_name, study_text
from dse.cli.study_options import DEFAULT_CACHE, load
from dse.formatting import elapsed, number
from dse.search.layerwise import ASKED_PER_DESIGN

if TYPE_CHECKING:
    from rich.console import Console

    from dse.engine.executor import Executor
    from dse.engine.run import RunResult


@dataclass(frozen=True)
class Settings:
    """How a budget is searched.

    Args:
        seed: of all random choices.
        designs: most designs that are evaluated.
        workers: evaluations at a time.
        database: where results go.
        cache: folder of reusable work.
    """

    seed: int
    designs: int
    workers: int
    database: str
    cache: Path


_CHOOSING_S = 0.1
"""Time that the search takes to choose a design."""


def announce(
    out: "Console", request: SolveRequest, wishes: Wishes, bounds: Bounds, settings: Settings
) -> None:
    """Print what will be done, and how long it takes at most."""
    space = request.network.whole_space(bounds.layers)
    counts = [len(values) for values in space.values() if isinstance(values, list)]
    size = f"10^{log10(prod(counts)):.0f}"
    quality = f"{number(bounds.quality)} of {wishes.score} unquantised"
    out.print(f"wanted: {wishes.text}, on {wishes.part} at {wishes.clock_period_ns:g} ns")
    out.print(f"network: {request.network.title}, {len(bounds.layers)} layers, {quality}")
    evaluating = bounds.seconds + ASKED_PER_DESIGN * bounds.estimate_s
    seconds = settings.designs * (evaluating / settings.workers + _CHOOSING_S)
    out.print(
        f"plan: at most {settings.designs} of {size} designs ({len(counts)} parameters), accuracy "
        f"bit for bit, costs by formula: at most about {elapsed(seconds)}; then circuits of the "
        f"best, simulated{', placed and routed' if is_routed(wishes.part) else ' and counted'}"
    )


def run(
    out: "Console", request: SolveRequest, wishes: Wishes, bounds: Bounds, settings: Settings
) -> None:
    """Search, print the answer and write the page.

    Raises:
        typer.Exit: interrupted, with code 130; or the budget cannot be met, with code 1.
    """
    study = request.folder / "study.yaml"
    text = study_text(
        request.network, wishes, bounds.layers, seed=settings.seed, designs=settings.designs
    )
    with writing(study):
        study.parent.mkdir(parents=True, exist_ok=True)
        study.write_text(text)
    result, designs = _search(out, study, wishes, settings)
    name = study_name(request.network, wishes, settings.seed)
    if result.state == "interrupted":
        out.print("interrupted; what is finished is stored: give the same command to go on")
        raise typer.Exit(130)
    commands = list(_commands(designs, name, request.folder, settings))
    print_answer(console(), designs, bounds, result.ended_by, commands)
    page = request.folder / "solution.html"
    with writing(page):
        page.write_text(write_page(designs, bounds, result.ended_by, commands))
    out.print(f"all of it on one page: {page}")
    if not designs.kept:
        raise typer.Exit(1)


def _search(
    out: "Console", study: Path, wishes: Wishes, settings: Settings
) -> "tuple[RunResult, Designs]":
    from dse.cli.progress_bar import Progress, status_note
    from dse.engine.run import Policy, RunContext
    from dse.engine.solve import Solve
    from dse.engine.worker import Folders
    from dse.runtime.cache import open_cache
    from dse.store.queries import Results
    from dse.store.store import Store

    loaded = load(study, None, settings.cache)
    store = Store(settings.database)
    loaded = loaded.stored_in(store)
    folders = Folders(open_cache(settings.cache), store.database.artifacts)
    context = RunContext(loaded.binding, loaded.backends, store, folders, Policy())
    work = Solve(context, Results(settings.database, waits=True), wishes)
    name = loaded.binding.study.name
    with Progress(out, name, status_note(folders.statuses, name)) as report:
        result = work.execute(lambda: _executor(settings.workers), report)
    store.close()
    return result, work.designs()


def _executor(workers: int) -> "Executor":
    from dse.engine.process_executor import ProcessExecutor
    from dse.engine.serial import SerialExecutor

    return SerialExecutor() if workers == 1 else ProcessExecutor(workers, {})


def _commands(designs: Designs, study: str, folder: Path, settings: Settings) -> Iterator[str]:
    """Yield the commands that build the design, and that make its numbers again."""
    best = designs.best
    if best is None:
        return
    where = ["--study", study, *database_option(settings.database)]
    if settings.cache != DEFAULT_CACHE:
        where += ["--cache", str(settings.cache)]
    if best.made:
        package = str(folder / f"design-{best.number}")
        yield shlex.join(["dse", "build", str(best.number), "--out", package, *where])
    yield shlex.join(["dse", "reproduce", str(best.number), *where])
