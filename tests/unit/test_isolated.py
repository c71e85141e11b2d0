"""Calls in a process of their own."""

import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import golden_designs
import numpy as np
import psutil

from dse.runtime import isolated, tools


def test_arguments_may_be_objects_of_modules_that_only_the_caller_s_path_finds(
    tmp_path: Path,
) -> None:
    """`golden_designs` is no installed module."""
    design = golden_designs.Design(golden_designs.mlp(), [np.zeros(1, np.float32)], {"a": 1})
    found = isolated.call("dataclasses:asdict", design, log=tmp_path / "log")
    assert found["parameters"] == {"a": 1}


def wrapped(folder: Path) -> None:
    """Run a tool that is a script around the program that works."""
    script = "sleep 600 & echo $! > pid; wait"
    tools.run_tool(["sh", "-c", script], directory=folder, log=folder / "log")


def has_ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_what_a_tool_has_started_ends_with_the_call(tmp_path: Path) -> None:
    """As at a time limit, or where the caller is killed: the process of the call gets SIGTERM."""
    path = [str(Path(__file__).parent), *sys.path]
    request = pickle.dumps(path) + pickle.dumps(("test_isolated:wrapped", (tmp_path,)))
    (tmp_path / "request").write_bytes(request)
    files = (tmp_path / "request", tmp_path / "answer")
    call = subprocess.Popen([sys.executable, "-m", "dse.runtime.isolated", *files])
    waited_for = tmp_path / "pid"
    while not (waited_for.exists() and waited_for.read_text()):
        assert call.poll() is None
        time.sleep(0.05)
    call.terminate()
    assert call.wait(60) == 128 + signal.SIGTERM
    assert has_ended(int(waited_for.read_text()))
