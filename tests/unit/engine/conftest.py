"""A study with a made-up workload and backends, run in this process."""

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest
from toy import REGISTRY, SquareBackend, WideBackend

from dse.contracts.errors import FailureKind, Retry
from dse.contracts.workload import Prepared
from dse.engine import worker
from dse.engine.plan import make_plan
from dse.engine.progress import RunProgress
from dse.engine.run import Policy, Run, RunContext, RunResult
from dse.engine.search import Search
from dse.engine.serial import SerialExecutor
from dse.engine.worker import Folders
from dse.store.queries import Results
from dse.store.store import Store
from dse.study.validate import bind, parse_study


def _at_once(kind: FailureKind) -> Retry:
    return replace(kind.retry, wait_s=0.0)


AT_ONCE = Policy(retry=_at_once)


@pytest.fixture
def run_toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., RunResult]:
    """Run a study text on the toy plug-ins; the database is `tmp_path / results.db`."""
    SquareBackend.calls.clear()
    WideBackend.calls.clear()
    SquareBackend.hook = None
    monkeypatch.setattr(worker.Registry, "installed", staticmethod(lambda: REGISTRY))
    monkeypatch.setattr(worker, "prepared", lambda *_: Prepared(tmp_path, "toy"))
    worker.load_backend.cache_clear()
    worker.load_workload.cache_clear()

    def run(
        space: str,
        backends: str = "[square]",
        policy: Policy | None = None,
        workload: str = "{name: toy}",
        rest: str = "",
        name: str = "toy",
    ) -> RunResult:
        text = f"name: {name}\nworkload: {workload}\nspace: {space}\nbackends: {backends}\n{rest}"
        binding = bind(parse_study(text), REGISTRY)
        adapters = {name: kind() for name, kind in binding.backends.items()}
        store = Store(str(tmp_path / "results.db"))
        folders = Folders(tmp_path / "cache", tmp_path / "artifacts")

        def watch(progress: RunProgress) -> None:
            assert progress.done + progress.failed + progress.stored <= progress.total

        def one() -> Run | Search:
            context = RunContext(binding, adapters, store, folders, policy or AT_ONCE)
            if "search:" in rest:
                found = closing_later.enter_context(closing(Results(str(tmp_path / "results.db"))))
                return Search(context, found)
            plan = make_plan(binding, adapters, list(binding.space.points()))
            return Run(context, plan)

        with ExitStack() as closing_later:
            closing_later.callback(store.close)
            return one().execute(SerialExecutor, watch)

    return run
