"""Search methods on a space that was enumerated: how much of its hypervolume each finds."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dse.analysis.hypervolume import Box, box_of, hypervolume
from dse.analysis.points import Points
from dse.contracts.errors import ToolMissingError
from dse.contracts.metrics import Direction
from dse.search.candidates import Rows
from dse.search.encoding import indices
from dse.search.observations import ObservedPoints
from dse.search.observed import Observation
from dse.search.proposals import Proposals
from dse.store.queries import Results
from dse.study.models import Method
from dse.study.space import Space
from dse.study.validate import load_study

HERE = Path(__file__).parent
STUDY = HERE / "search_space.yaml"
METHODS: tuple[Method, ...] = ("random", "qmc", "nsga2", "nsga3", "tpe", "gp", "layerwise")
SEEDS = range(10)
SHARE = 0.05
"""Share of the space that a search may evaluate."""

GOAL = 0.99
"""Share of the hypervolume of the whole space that counts as found."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EnumeratedSpace:
    """A space whose every point is evaluated.

    Args:
        space: the design space.
        directions: one per objective.
        values: objectives of every point, by its row index on each axis.
    """

    space: Space
    directions: tuple[Direction, ...]
    values: dict[Rows, tuple[float, ...]]

    @property
    def table(self) -> Floats:
        """Values of all points, shape (n_points, n_objectives)."""
        return np.array(list(self.values.values()), dtype=np.float64)


def enumerate_space(database: Path) -> EnumeratedSpace:
    """Run the whole grid, as far as the database lacks it, and return it."""
    command = [sys.executable, "-m", "dse.cli.main", "run", str(STUDY), "--db", str(database)]
    subprocess.run(command, check=True)
    study = load_study(STUDY)
    space = Space(study)
    results = Results(str(database))
    points = Points(results, study.name).records()
    objectives: dict[str, Direction] = dict(results.study(study.name).objectives)  # type: ignore[arg-type]
    observed = ObservedPoints(points, [section.name for section in study.backends], objectives, {})
    pairs = ((indices(space, point.parameters), values) for point, values in observed.feasible())
    return EnumeratedSpace(
        space, observed.directions, {rows: v for rows, v in pairs if rows is not None}
    )


def search(known: EnumeratedSpace, method: Method, seed: int, count: int) -> list[Rows]:
    """Return the points that a search evaluates, chosen one at a time."""
    proposals = Proposals(known.space, method, known.directions, seed)
    observations: list[Observation] = []
    while len(observations) < count:
        (rows,) = proposals.next(observations, 1)
        observations.append(Observation(rows, known.values.get(rows)))
    return [one.rows for one in observations]


def found(known: EnumeratedSpace, rows: Sequence[Rows], box: Box) -> Floats:
    """Return the hypervolume after 1, 2, … evaluations, shape (n_evaluations,)."""
    values = np.array([known.values[row] for row in rows], dtype=np.float64)
    return np.array([hypervolume(values[: n + 1], box) for n in range(len(values))])


def bench_searches(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Search with each method and ten seeds; yield a row for the space and one per method."""
    # The enumeration takes long: a kept database is used again.
    database = Path(os.environ.get("DSE_BENCH_DB", folder / "space.db"))
    known = enumerate_space(database)
    box = box_of(known.table, known.directions)
    whole = hypervolume(known.table, box)
    count = int(SHARE * len(known.values))
    yield f"{len(known.values):,} points, hypervolume", f"{whole:.4f}", f"{count} evaluations each"
    for method in METHODS:
        started = time.perf_counter()
        try:
            runs = [search(known, method, seed, count) for seed in SEEDS]
        except ToolMissingError as error:
            yield method, "not run", str(error)
            continue
        seconds = (time.perf_counter() - started) / (len(SEEDS) * count)
        repeated = sum(len(run) - len(set(run)) for run in runs)
        shares = np.array([found(known, run, box) / whole for run in runs])
        yield _row(method, shares, repeated, seconds)


def _row(method: str, shares: Floats, repeated: int, seconds: float) -> tuple[str, str, str]:
    """Return the row of a method.

    Args:
        method: its name.
        shares: shares of the whole hypervolume, shape (n_seeds, n_evaluations).
        repeated: points that were proposed again, over all seeds.
        seconds: time to propose and take in one point.
    """
    count = shares.shape[1]
    steps = (count // 10, count // 4, count // 2, count)
    medians = ", ".join(f"{np.median(shares[:, n - 1]):.1%}@{n}" for n in steps)
    reached = [int(np.argmax(run >= GOAL)) + 1 for run in shares if run[-1] >= GOAL]
    soon = f", median {np.median(reached):.0f}" if reached else ""
    goal = f"{GOAL:.0%} in {len(reached)} of {len(shares)} seeds{soon}"
    worst = f"worst {shares[:, -1].min():.1%}; {repeated} repeated; {seconds * 1e3:.0f} ms each"
    return method, medians, f"{goal}; {worst}"
