"""Overhead of the engine per point, measured with a backend that does nothing."""

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from dse.contracts.registry import Registry
from dse.engine.executor import Executor
from dse.engine.plan import make_plan
from dse.engine.ray_executor import RayExecutor
from dse.engine.run import Policy, Run, RunContext
from dse.engine.serial import SerialExecutor
from dse.engine.worker import Folders
from dse.store.store import Store
from dse.study.validate import bind, parse_study

N_POINTS = 5_000
STUDY = f"""
name: engine
workload: {{name: noop}}
space: {{value: {{range: {{start: 1, stop: {N_POINTS}}}}}}}
backends: [noop]
"""


def bench_engine(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Time new points on both executors, then the same study when all is stored."""
    makers = {"serial": SerialExecutor, "ray": lambda: RayExecutor(workers=2)}
    for name, make in makers.items():
        database = str(folder / f"{name}.db")
        with make() as executor:
            seconds = _run(folder, database, executor)
        label = f"{N_POINTS:,} new points, {name} (Ray's start not counted)"
        yield label, f"{1e3 * seconds / N_POINTS:.2f} ms a point", "goal <= 2 ms"
    seconds = _run(folder, database, SerialExecutor())
    yield f"{N_POINTS:,} stored points", f"{N_POINTS / seconds:,.0f} points/s", "goal >= 2,000"


def _run(folder: Path, database: str, executor: Executor) -> float:
    """Run the study and return the seconds, from reading it to closing the store."""
    start = perf_counter()
    registry = Registry.installed()
    binding = bind(parse_study(STUDY, folder / "engine.yaml"), registry)
    backends = {name: kind() for name, kind in binding.backends.items()}
    plan = make_plan(binding, backends, list(binding.space.points()))
    store = Store(database)
    folders = Folders(folder / "cache", folder / "artifacts")
    run = Run(RunContext(binding, backends, store, folders, Policy()), plan)
    result = run.execute(lambda: executor, lambda _: None)
    store.close()
    if result.progress.failed:
        raise SystemExit("the no-op backend failed")
    return perf_counter() - start
