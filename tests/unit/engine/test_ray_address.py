"""A Ray that does not start: which words say so, and what runs the study then. No Ray is needed."""

import io
import socket
import sys
from collections.abc import Callable, Iterator
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


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A socket to which one can connect."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        yield one


@pytest.mark.parametrize(
    ("joins", "hint", "attempts"),
    [(True, "the token may be the wrong one", 1), (False, "--executor processes", 3)],
)
def test_a_ray_that_does_not_start(
    starts: list[str], listener: socket.socket, joins: bool, hint: str, attempts: int
) -> None:
    address = f"127.0.0.1:{listener.getsockname()[1]}" if joins else None
    where = f"--ray-address {address}" if joins else ""
    notices: list[str] = []
    with pytest.raises(ToolMissingError, match="Failed to resolve foo") as caught:
        make(address, notices.append)
    assert caught.value.where == where
    assert hint in caught.value.hint
    assert ("tokens are explained" in caught.value.message) is (address is None)
    assert len(starts) == attempts
    assert len(notices) == attempts - 1


@pytest.mark.parametrize("host", ["127.0.0.1", "a.invalid", "127.0.0.1:99999"])
def test_where_nothing_listens_ray_is_not_asked(
    starts: list[str], listener: socket.socket, host: str
) -> None:
    address = host if host.endswith("99999") else f"{host}:{listener.getsockname()[1]}"
    listener.close()
    with pytest.raises(ToolMissingError, match="nothing answers") as caught:
        ClusterExecutor(address)
    assert caught.value.where == f"--ray-address {address}"
    assert "ray start --head" in caught.value.hint
    assert caught.value.exit_code == 6
    assert not starts


@pytest.mark.parametrize("address", ["auto", "ray://10.0.0.5:10001"])
def test_other_forms_of_address_are_left_to_ray(starts: list[str], address: str) -> None:
    with pytest.raises(ToolMissingError, match="Failed to resolve foo"):
        ClusterExecutor(address)
    assert starts


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
