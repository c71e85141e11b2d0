"""A Ray that does not start: which words say so, and what runs the study then. No Ray is needed."""

import io
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from rich.console import Console

from dse.cli.running import _executor
from dse.contracts.errors import ToolMissingError
from dse.engine.cluster_executor import ClusterExecutor
from dse.engine.executor import Executor
from dse.engine.ray_executor import RayExecutor


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ray that never starts; the list gets an entry for every attempt."""
    found: list[str] = []

    def init(**_: Any) -> None:
        found.append("start")
        raise RuntimeError("Failed to resolve foo\n\nRay tokens are explained at length here.")

    ray: Any = ModuleType("ray")
    ray.is_initialized, ray.init, ray.shutdown = lambda: False, init, lambda **_: None
    monkeypatch.setitem(sys.modules, "ray", ray)
    return found


def make(address: str | None, notice: Callable[[str], None]) -> Executor:
    if address:
        return ClusterExecutor(address, 1, notice)
    return RayExecutor(1, notice=notice)


@pytest.mark.parametrize(
    ("address", "where", "hint", "attempts"),
    [
        ("foo:1", "--ray-address foo:1", "ray start --head", 1),
        (None, "", "--executor processes", 3),
    ],
)
def test_a_ray_that_does_not_start(
    starts: list[str], address: str | None, where: str, hint: str, attempts: int
) -> None:
    notices: list[str] = []
    with pytest.raises(ToolMissingError, match="Failed to resolve foo") as caught:
        make(address, notices.append)
    assert caught.value.where == where
    assert hint in caught.value.hint
    assert ("tokens are explained" in caught.value.message) is (address is None)
    assert len(starts) == attempts
    assert len(notices) == attempts - 1


def test_without_ray_the_run_goes_on_with_processes_and_says_so(starts: list[str]) -> None:
    said = io.StringIO()
    made = _executor(Console(file=said, width=200), None, 2, 9, {})
    assert (made.name, made.workers) == ("processes", 2)
    assert "the study runs on processes of this machine instead" in said.getvalue()
    assert starts


def test_a_ray_that_was_asked_for_is_not_replaced(starts: list[str]) -> None:
    with pytest.raises(ToolMissingError):
        _executor(Console(file=io.StringIO()), "ray", 2, 9, {})
    assert starts
