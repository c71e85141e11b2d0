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
        self._keys: dict[Rows, tuple[str, ...]] = {}
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

    def keys(self, rows: Rows) -> tuple[str, ...]:
        """Return by objective the key of the evaluation that gives it."""
        if rows not in self._keys:
            plan = self._planner.plan([self.space.at(rows)])
            by_backend = {one.backend: one.key for one in plan.requests}
            self._keys[rows] = tuple(by_backend[name] for name in self._backend_of)
        return self._keys[rows]

    def immediate(self, rows: Rows) -> tuple[float, ...]:
        """Return the objectives that need no evaluation, NaN for the others."""
        if rows not in self._immediate:
            plan = self._planner.plan([self.space.at(rows)])
            metrics: dict[str, float] = {}
            for key, job in plan.jobs.items():
                if self._backends[job.backend].immediate:
                    metrics |= self._metrics(plan, key)
            names = self.binding.objectives
            self._immediate[rows] = tuple(metrics.get(name, np.nan) for name in names)
        return self._immediate[rows]

    @property
    def _backend_of(self) -> tuple[str, ...]:
        """By objective, the backend that gives it; figures of merit are of bittrue."""
        given = {m: n for n, kind in self.binding.backends.items() for m in kind.metrics}
        return tuple(given.get(name, "bittrue") for name in self.binding.objectives)

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


class Lookup:
    """Objectives that one search need not evaluate, as `dse.engine.objective_lookup` gives them.

    Args:
        evaluator: of the space.
    """

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._told: dict[str, dict[int, float]] = {}

    def tell(self, rows: Rows, values: Values) -> None:
        """Take what an evaluation gave."""
        if values is None:
            return
        for index, key in enumerate(self._evaluator.keys(rows)):
            self._told.setdefault(key, {})[index] = values[index]

    def __call__(self, points: Sequence[Rows]) -> NDArray[np.float64]:
        """Return the objectives of points, NaN where they have to be evaluated."""
        return np.array([self._known(rows) for rows in points])

    def _known(self, rows: Rows) -> list[float]:
        keys, given = self._evaluator.keys(rows), self._evaluator.immediate(rows)
        return [
            self._told.get(key, {}).get(index, value)
            for index, (key, value) in enumerate(zip(keys, given, strict=True))
        ]
