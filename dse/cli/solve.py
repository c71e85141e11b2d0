"""`dse solve`: from a budget to the design that meets it, and what it rests on."""

import os
from pathlib import Path
from typing import Annotated

import typer

from dse.cli.console import DEFAULT_DATABASE, Database, console
from dse.cli.study_options import DEFAULT_CACHE, CacheFolder


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(solve)


def solve(  # noqa: PLR0913, PLR0917  (options of the command)
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="These options as a YAML file.", show_default=False),
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="FILE", help="Your network.")] = None,
    data: Annotated[
        str | None, typer.Option(metavar="DATA", help="Its test set, as workload.test_set.")
    ] = None,
    targets: Annotated[
        str | None, typer.Option(metavar="DATA", help="Targets, if the test set has none.")
    ] = None,
    study: Annotated[
        str | None,
        typer.Option(metavar="STUDY", help="Take network and data from a study instead."),
    ] = None,
    part: Annotated[str | None, typer.Option(metavar="PART", help="FPGA part.")] = None,
    clock: Annotated[
        str | None, typer.Option(metavar="TIME", help="Clock period; default: 5ns.")
    ] = None,
    accuracy: Annotated[
        str | None, typer.Option(metavar="LIMIT", help="Worst figure of merit, e.g. 0.97.")
    ] = None,
    latency: Annotated[
        str | None, typer.Option(metavar="LIMIT", help="Longest latency, e.g. 500ns.")
    ] = None,
    interval: Annotated[
        str | None, typer.Option(metavar="LIMIT", help="Longest time between two inputs.")
    ] = None,
    lut: Annotated[
        str | None, typer.Option(metavar="LIMIT", help="Most look-up tables: 20000, or 30%.")
    ] = None,
    ff: Annotated[str | None, typer.Option(metavar="LIMIT", help="Most flip-flops.")] = None,
    dsp: Annotated[str | None, typer.Option(metavar="LIMIT", help="Most DSP slices.")] = None,
    bram: Annotated[
        str | None, typer.Option(metavar="LIMIT", help="Most 18 Kb block RAMs.")
    ] = None,
    optimise: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What to optimise: accuracy, or one of the costs; default: lut if accuracy has "
            "a limit, else accuracy.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Of all random choices.")] = 0,
    designs: Annotated[
        int, typer.Option(min=20, metavar="N", help="Most designs to evaluate.")
    ] = 1000,
    workers: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Evaluations at a time.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Folder of study and page; default: MODEL-solve."),
    ] = None,
    database: Database = DEFAULT_DATABASE,
    cache: CacheFolder = DEFAULT_CACHE,
) -> None:
    """Find the design that meets a budget, and prove it.

    Give it again to continue where it was interrupted.
    """
    from dse.cli import solve_bounds, solve_request, solve_run

    options = {
        "model": model, "data": data, "targets": targets, "study": study,
        "part": part, "clock": clock,
        "accuracy": accuracy, "latency": latency, "interval": interval, "lut": lut, "ff": ff,
        "dsp": dsp, "bram": bram, "optimise": optimise,
    }  # fmt: skip
    request = solve_request.read(file, options, out)
    screen = console(stderr=True)
    with screen.status("reading the network"):
        bounds = request.bounds(cache)
    wishes = request.wishes(bounds.score, bounds.quality)
    solve_bounds.refuse_impossible(wishes, bounds)
    workers = workers or os.cpu_count() or 1
    settings = solve_run.Settings(seed, designs, workers, database, cache)
    solve_run.announce(screen, request, wishes, bounds, settings)
    solve_run.run(screen, request, wishes, bounds, settings)
