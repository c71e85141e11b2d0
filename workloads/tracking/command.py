"""Commands of the tracking workload: `dse data`."""

from pathlib import Path
from typing import Annotated

import typer

from dse.contracts.errors import UsageError

app = typer.Typer(help="Generate event data.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Generate event data."""


@app.command()
def simulate(
    events: Annotated[int, typer.Option(min=1, metavar="N", help="Number of events.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder for the CSV files.")],
    seed: Annotated[int, typer.Option(min=0)] = 1,
    first: Annotated[int, typer.Option(min=0, help="Number of the first event.")] = 1000,
    force: Annotated[bool, typer.Option("--force", help="Replace existing events.")] = False,
) -> None:
    """Simulate collision events, as CSV files like those of TrackML."""
    numbers = range(first, first + events)
    taken = [number for number in numbers if any(out.glob(f"event{number:09d}-*"))]
    if taken and not force:
        raise UsageError(
            f"event{taken[0]:09d} already exists",
            where=str(out),
            hint="--force replaces it; --first sets another first number",
        )
    try:
        _write(numbers, seed, out)
    except OSError as error:
        hint = "choose a writable folder with --out"
        raise UsageError(f"events cannot be written: {error}", where=str(out), hint=hint) from error
    typer.echo(f"{events} events written to {out}", err=True)


def _write(numbers: range, seed: int, out: Path) -> None:
    from workloads.tracking.simulation import simulate_event, write_event

    out.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        write_event(simulate_event(seed, number), out)
