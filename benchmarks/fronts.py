"""Time to find the front of a million points."""

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import numpy as np

from dse.analysis.front import front_mask
from dse.contracts.metrics import Direction

N_POINTS = 1_000_000


def bench_fronts(_: Path) -> Iterator[tuple[str, str, str]]:
    """Time the front of uniform points, and of points near a sphere, whose fronts are large."""
    for n_metrics in (2, 3):
        rng = np.random.default_rng(1)
        uniform = rng.random((N_POINTS, n_metrics))
        directions: list[Direction] = ["minimise"] * n_metrics
        sphere = np.abs(rng.normal(size=(N_POINTS, n_metrics)))
        sphere = sphere / np.linalg.norm(sphere, axis=1, keepdims=True)
        sphere *= 1 + 0.2 * rng.random((N_POINTS, 1))
        front_mask(uniform[:100], directions)  # imports and caches are not timed
        for name, values in (("uniform", uniform), ("shell", -sphere)):
            start = perf_counter()
            found = int(front_mask(values, directions).sum())
            seconds = perf_counter() - start
            label = f"{N_POINTS:,} points, {n_metrics} metrics, {name}: {found} on the front"
            yield label, f"{seconds:.2f} s", "goal < 1 s"
