"""A study with a made-up workload and backends, run in this process."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from toy import REGISTRY, SquareBackend, WideBackend

from dse.binding import bind
from dse.engine import work
from dse.engine.plan import make_plan
from dse.engine.run import Policy, Run, RunResult, Surroundings
from dse.engine.search import Search
from dse.engine.serial import SerialExecutor
from dse.engine.tally import Tally
from dse.engine.work import Folders
from dse.errors import FailureKind, Retry
from dse.store.queries import Results
from dse.store.store import Store
from dse.study import Study
from dse.workload import Prepared


def _at_once(kind: FailureKind) -> Retry:
    return replace(kind.retry, wait_s=0.0)


AT_ONCE = Policy(retry=_at_once)


@pytest.fixture
def run_toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., RunResult]:
    """Run a study text on the toy plug-ins; the database is `tmp_path / results.db`."""
    SquareBackend.calls.clear()
    WideBackend.calls.clear()
    SquareBackend.hook = None
    monkeypatch.setattr(work.Registry, "installed", staticmethod(lambda: REGISTRY))
    monkeypatch.setattr(work, "prepared", lambda *_: Prepared(tmp_path, "toy"))
    work.adapter.cache_clear()
    work._workload.cache_clear()

    def run(
        space: str,
        backends: str = "[square]",
        policy: Policy | None = None,
        workload: str = "{name: toy}",
        rest: str = "",
        name: str = "toy",
    ) -> RunResult:
        text = f"name: {name}\nworkload: {workload}\nspace: {space}\nbackends: {backends}\n{rest}"
        binding = bind(Study.from_text(text), REGISTRY)
        adapters = {name: kind() for name, kind in binding.backends.items()}
        store = Store(str(tmp_path / "results.db"))
        folders = Folders(tmp_path / "cache", tmp_path / "artifacts")

        def watch(tally: Tally) -> None:
            assert tally.done + tally.failed + tally.stored <= tally.total

        def one() -> Run | Search:
            around = Surroundings(binding, adapters, store, folders, policy or AT_ONCE)
            if "search:" in rest:
                return Search(around, Results(str(tmp_path / "results.db")))
            plan = make_plan(binding, adapters, list(binding.space.points()))
            return Run(around, plan)

        try:
            return one().execute(SerialExecutor, watch)
        finally:
            store.close()

    return run
