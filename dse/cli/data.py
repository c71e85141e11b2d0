"""`dse data`: make event data."""

from pathlib import Path
from typing import Annotated

import typer

from dse.cli.console import console, writing

app = typer.Typer(help="Make event data.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Make event data."""


@app.command()
def simulate(
    events: Annotated[int, typer.Option(min=1, help="How many.")],
    out: Annotated[Path, typer.Option(help="Folder for the CSV files.")],
    seed: Annotated[int, typer.Option(min=0)] = 1,
    first: Annotated[int, typer.Option(min=0, help="Number of the first event.")] = 1000,
    force: Annotated[bool, typer.Option("--force", help="Replace existing events.")] = False,
) -> None:
    """Simulate collision events and write them in TrackML's CSV layout."""
    from dse.contracts.errors import UsageError
    from workloads.tracking.simulation import simulate_event, write_event

    numbers = range(first, first + events)
    taken = [n for n in numbers if any(out.glob(f"event{n:09d}-*"))]
    if taken and not force:
        raise UsageError(
            f"event{taken[0]:09d} is there already",
            where=str(out),
            hint="--force replaces it, --first gives other numbers",
        )
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        for number in numbers:
            write_event(simulate_event(seed, number), out)
    console(stderr=True).print(f"{events} events in {out}")
