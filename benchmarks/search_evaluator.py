"""Objectives of designs, evaluated in this process by a study's backends and kept in a file.

A search of a benchmark asks for one design after the other, often for those of another search:
each is evaluated once, and the file is used again as long as its space is the same.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dse.cli.per_layer_study import expander
from dse.contracts.backend import Resources
from dse.contracts.metrics import Direction
from dse.contracts.registry import Registry
from dse.engine.plan import Plan, Planner
from dse.engine.worker import Folders, Task, load_backend, run_tasks
from dse.runtime.cache import digest
from dse.search.candidates import Rows
from dse.study.binding import Binding
from dse.study.validate import load_binding

Values = tuple[float, ...] | None
"""One per objective; None for a design whose evaluation failed."""


class Evaluator:
    """Evaluates the designs of a study.

    Args:
        study: its file.
        folder: of the results, the cache of dse and artifacts.
    """

    def __init__(self, study: Path, folder: Path) -> None:
        cache = (folder / "cache").resolve()
        self._folders = Folders(cache, (folder / "artifacts").resolve())
        registry = Registry.installed()
        self.binding: Binding = load_binding(study, (), registry, expand=expander(study, cache))
        self.space = self.binding.space
        self.directions: tuple[Direction, ...] = tuple(self.binding.objectives.values())
        self._backends = {name: load_backend(name) for name in self.binding.backends}
        self._planner = Planner(self.binding, self._backends)
        self._by_key: dict[str, dict[str, float]] = {}
        self._immediate: dict[Rows, tuple[float, ...]] = {}
        versions = {name: backend.version for name, backend in self._backends.items()}
        axes = [(axis.names, axis.rows) for axis in self.space.axes]
        self.identity = digest(versions, axes, list(self.binding.objectives))
        """Changes with the space and with versions of backends."""
        self._file = folder / f"{self.binding.study.name}-{self.identity[:12]}.jsonl"
        self.known: dict[Rows, Values] = dict(_read(self._file))

    def evaluate(self, rows: Rows) -> Values:
        """Return the objectives of a design; evaluate it if it is new."""
        if rows not in self.known:
            self.known[rows] = values = self._objectives(rows)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps([rows, values]) + "\n")
        return self.known[rows]

    def known_objectives(self, points: Sequence[Rows]) -> NDArray[np.float64]:
        """Return the objectives that need no evaluation, as `KnownObjectives`."""
        for rows in points:
            if rows not in self._immediate:
                self._immediate[rows] = self._immediate_objectives(rows)
        return np.array([self._immediate[rows] for rows in points])

    def _immediate_objectives(self, rows: Rows) -> tuple[float, ...]:
        plan = self._planner.plan([self.space.at(rows)])
        metrics: dict[str, float] = {}
        for key, job in plan.jobs.items():
            if self._backends[job.backend].immediate:
                metrics |= self._metrics(plan, key)
        return tuple(metrics.get(name, np.nan) for name in self.binding.objectives)

    def _objectives(self, rows: Rows) -> Values:
        plan = self._planner.plan([self.space.at(rows)])
        metrics: dict[str, float] = {}
        for key in dict.fromkeys(request.key for request in plan.requests):
            metrics |= self._metrics(plan, key)
        if not all(name in metrics for name in self.binding.objectives):
            return None
        return tuple(metrics[name] for name in self.binding.objectives)

    def _metrics(self, plan: Plan, key: str) -> dict[str, float]:
        """Return the numbers of one backend by name; none where it fails."""
        if key not in self._by_key:
            job = plan.jobs[key]
            task = Task(job=job, resources=Resources(), folders=self._folders, tool="")
            (done,) = run_tasks([task])
            self._by_key[key] = {one.name: one.value for one in done.outcome.metrics}
        return self._by_key[key]


def _read(file: Path) -> Sequence[tuple[Rows, Values]]:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        return []
    lines = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    return [(tuple(rows), values and tuple(values)) for rows, values in lines]
