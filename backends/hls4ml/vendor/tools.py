"""Find the vendor's programs on PATH and their versions."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache

_TIMEOUT_S = 60
TITLES = {
    "vitis-run": "Vitis HLS",
    "vitis_hls": "Vitis HLS",
    "vivado_hls": "Vivado HLS",
    "vivado": "Vivado",
}
"""What programs are called in provenance: the same wherever and however they were started."""


@dataclass(frozen=True)
class Program:
    """One program.

    Args:
        name: on PATH.
        script: arguments that make it run a Tcl script, whose name follows.
        version: such as ``2023.2``; empty where it does not say.
    """

    name: str
    script: tuple[str, ...]
    version: str

    @property
    def title(self) -> str:
        """Its name in provenance."""
        return TITLES[self.name]


PROGRAMS = {
    "vitis": (("vitis-run", ("--mode", "hls", "--tcl")), ("vitis_hls", ("-f",))),
    "vivado": (("vivado_hls", ("-f",)),),
    "synthesis": (("vivado", ("-mode", "batch", "-source")),),
}
"""Programs that do the same, newest first (UG1399, UG902, UG835)."""


@cache
def program(kind: str) -> Program | None:
    """The first program of a kind that is here: vitis, vivado (HLS) or synthesis (Vivado)."""
    for name, script in PROGRAMS[kind]:
        if shutil.which(name):
            return Program(name, script, _version(name))
    return None


def provenance(hls: str, hls_version: str, vivado_version: str = "") -> str:
    """The tools behind an evaluation; Vivado too where it is not of the same installation."""
    named = f"{hls} {hls_version}".strip()
    other = vivado_version not in {"", hls_version}
    return f"{named}, Vivado {vivado_version}" if other else named


def _version(name: str) -> str:
    flag = "--version" if name == "vitis-run" else "-version"
    try:
        answer = subprocess.run(
            [name, flag], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\bv?(20\d\d\.\d(?:\.\d+)?)\b", answer.stdout + answer.stderr)
    return found.group(1) if found else ""
