"""The vendor's programs on PATH, and their versions."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache

_TIMEOUT_S = 60  # a launcher that hangs must not block the probe
TITLES = {
    "vitis-run": "Vitis HLS",
    "vitis_hls": "Vitis HLS",
    "vivado_hls": "Vivado HLS",
    "vivado": "Vivado",
}
"""Tool names in provenance: the same for every program that starts the tool."""


@dataclass(frozen=True)
class Program:
    """A program of the vendor that is on PATH.

    Args:
        name: name on PATH.
        script: arguments that make it run a Tcl script; the script's name follows them.
        version: such as ``2023.2``; empty where the program does not print one.
    """

    name: str
    script: tuple[str, ...]
    version: str

    @property
    def title(self) -> str:
        """The tool's name in provenance."""
        return TITLES[self.name]


PROGRAMS = {
    "vitis": (("vitis-run", ("--mode", "hls", "--tcl")), ("vitis_hls", ("-f",))),
    "vivado": (("vivado_hls", ("-f",)),),
    "synthesis": (("vivado", ("-mode", "batch", "-source")),),
}
"""By kind, programs that do the same with their arguments, newest first (UG1399, UG902, UG835)."""


@cache
def program(kind: str) -> Program | None:
    """Return the first program of a kind on PATH; None where there is none.

    Args:
        kind: ``vitis`` or ``vivado`` for HLS, ``synthesis`` for Vivado.
    """
    for name, script in PROGRAMS[kind]:
        if shutil.which(name):
            return Program(name, script, _version(name))
    return None


def provenance(hls: str, hls_version: str, vivado_version: str = "") -> str:
    """Return the tools of an evaluation; names Vivado only where its version is another."""
    named = f"{hls} {hls_version}".strip()
    other = vivado_version not in {"", hls_version}
    return f"{named}, Vivado {vivado_version}" if other else named


def _version(name: str) -> str:
    """Return the version that a program prints; empty where it prints none."""
    flag = "--version" if name == "vitis-run" else "-version"
    try:
        answer = subprocess.run(
            [name, flag], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\bv?(20\d\d\.\d(?:\.\d+)?)\b", answer.stdout + answer.stderr)
    return found.group(1) if found else ""
