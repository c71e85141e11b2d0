"""The folder of a local Ray: who may enter it, how long its path is, and when it is removed."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dse.contracts.errors import ToolMissingError
from dse.engine.ray_executor import RayExecutor
from dse.engine.ray_folder import private_folder

SOCKET = "session_2026-11-29_07-02-58_123456_4194304/sockets/plasma_store"
"""As Ray names it, with the longest number of a process."""

LONGEST = 103
"""Most bytes of a socket's path, without the zero at its end: on macOS; 107 on Linux."""


def is_private(folder: Path) -> bool:
    return folder.parent.stat().st_mode & 0o777 == 0o700


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path is shorter than those of pytest."""
    with tempfile.TemporaryDirectory(prefix="t-", dir="/tmp") as name:
        yield Path(name)


@pytest.mark.parametrize("variable", ["TMPDIR", "RAY_TMPDIR"])
@pytest.mark.parametrize(("name", "taken"), [("s", True), ("long" * 20, False)])
def test_sockets_fit_in_a_private_folder(
    variable: str, name: str, taken: bool, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = short / name
    wanted.mkdir()
    monkeypatch.setenv(variable, str(wanted))
    monkeypatch.setattr("tempfile.tempdir", None)  # read TMPDIR again
    with private_folder() as folder:
        assert is_private(folder)
        assert folder.is_relative_to(wanted) is taken
        assert len(bytes(folder / SOCKET)) <= LONGEST
    assert not list(wanted.iterdir())


def test_a_folder_is_removed_with_all_that_ray_leaves() -> None:
    made = []

    def use(folder: Path) -> None:
        made.append(folder)
        (folder / SOCKET).parent.mkdir(parents=True)
        folder.chmod(0o777)  # as Ray does
        assert is_private(folder)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), private_folder() as folder:
        use(folder)
    assert not made[0].parent.exists()


def test_a_temporary_folder_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAY_TMPDIR", "/none")
    with pytest.raises(ToolMissingError, match="/none") as caught, private_folder():
        pass
    assert "RAY_TMPDIR" in caught.value.hint


class FakeRay(ModuleType):
    """A Ray that starts and does nothing, or fails; it says where its files would be."""

    def __init__(self, fails: str) -> None:
        super().__init__("ray")
        self.fails = fails
        self.folders: list[Path] = []
        self.there_at_the_end: list[bool] = []
        self.util: Any = ModuleType("util")
        self.util.get_node_ip_address = self.address
        self.is_initialized = lambda: False

    def init(self, _temp_dir: str, **_: Any) -> None:
        self.folders.append(Path(_temp_dir))
        if self.fails == "start":
            raise RuntimeError("no raylet")

    def address(self) -> str:
        return "192.0.2.1" if self.fails == "address" else "127.0.0.1"

    def shutdown(self, **_: Any) -> None:
        self.there_at_the_end.append(self.folders[-1].parent.exists())

    def remote(self, function: Any) -> Any:
        if self.fails == "later":
            raise RuntimeError("lost")
        return function

    def cluster_resources(self) -> dict[str, float]:
        return {}

    def nodes(self) -> list[Any]:
        return []


@pytest.mark.parametrize("fails", ["", "start", "address", "later"])
def test_ray_is_shut_down_before_its_folder_is_removed(
    fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = FakeRay(fails)
    monkeypatch.setitem(sys.modules, "ray", ray)
    if fails:
        with pytest.raises((ToolMissingError, RuntimeError)):
            RayExecutor(1)
    else:
        with RayExecutor(1):
            assert is_private(ray.folders[0])
    assert all(ray.there_at_the_end)
    assert ray.there_at_the_end
    assert not any(folder.parent.exists() for folder in ray.folders)
