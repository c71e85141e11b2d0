"""Write a package into a folder and simulate it there."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from backends.openhls import toolchain
from backends.openhls.package.contents import SUMS, sums
from backends.openhls.simulate import INSTALL
from dse.contracts.errors import EvaluationError, FailureKind
from dse.runtime.tools import run_tool

BUILD = "build"
"""Folder of what make makes; it is no part of the package."""


def write(files: Mapping[str, str], folder: Path) -> None:
    """Write files by their paths, which are relative to `folder`."""
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="\n")


def simulate(folder: Path) -> tuple[str, ...]:
    """Run ``make sim`` in a package, and return what its testbenches say.

    Raises:
        EvaluationError: there is no simulator, an output differs, or the simulator failed.
    """
    make(folder, "sim", **_simulator())
    logs = sorted((folder / BUILD).glob("*/log"))
    said = [line for log in logs for line in log.read_text(errors="replace").splitlines()]
    return tuple(line for line in said if line.startswith("PASS"))


def make(
    folder: Path, goal: str, watch: Callable[[], None] | None = None, /, **variables: str
) -> None:
    """Run make in a package with some of its variables set; `watch` as of `run_tool`."""
    (folder / BUILD).mkdir(exist_ok=True)
    log = folder / BUILD / f"make_{goal}.log"
    run_tool(
        ["make", "--no-print-directory", goal, *(f"{k}={v}" for k, v in variables.items())],
        directory=folder, log=log, watch=watch, name=f"make {goal}",
    )  # fmt: skip


def _simulator() -> dict[str, str]:
    tool = toolchain.simulator()
    if tool is None:
        message = "no Verilog simulator is installed"
        raise EvaluationError(FailureKind.TOOL_MISSING, message, hint=INSTALL)
    if tool.name.startswith("iverilog"):
        return {"SIMULATOR": "icarus", "IVERILOG": tool.command[0]}
    given = " ".join(f"{name}={value}" for name, value in tool.environment.items())
    return {"SIMULATOR": "verilator", "VERILATOR": f"{given} {tool.command[0]}".strip()}


def clean(folder: Path) -> None:
    """Remove all files of a folder."""
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def finish(folder: Path) -> None:
    """Remove what make made, and write the checksums of all files."""
    shutil.rmtree(folder / BUILD, ignore_errors=True)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    found.pop(SUMS, None)
    (folder / SUMS).write_text(sums(found), encoding="utf-8")
