"""Simulate the whole network in RTL: Verilator, or Icarus where that is not there."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.openhls.circuit import Circuit
from backends.openhls.testbench import FIRST_CYCLE, INPUTS, read_outputs, stimuli, testbench
from dse.errors import EvaluationError, FailureKind
from dse.tools import run_tool

NETWORK, TESTBENCH = "network.v", "testbench.v"


@dataclass(frozen=True)
class Simulated:
    """What the RTL did.

    Args:
        outputs: (samples, elements).
        latency_cycles: from an input becoming valid to its output.
        interval_cycles: between outputs, inputs back to back.
    """

    outputs: NDArray[np.float64]
    latency_cycles: int
    interval_cycles: int


@cache
def simulator() -> str:
    """Name and version of the simulator here; empty without one."""
    for name, flag in (("verilator", "--version"), ("iverilog", "-V")):
        if shutil.which(name):
            answer = subprocess.run([name, flag], capture_output=True, text=True, check=False)
            found = re.search(r"\d+\.\d+", answer.stdout)
            return f"{name} {found.group() if found else ''}".strip()
    return ""


def simulate(
    circuit: Circuit, text: str, inputs: Mapping[str, NDArray[Any]], folder: Path
) -> Simulated:
    """Run the network on samples back to back; leaves its files in `folder`.

    Raises:
        EvaluationError: the simulator failed, or an output is missing or late.
    """
    samples = len(next(iter(inputs.values())))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NETWORK).write_text(text)
    (folder / TESTBENCH).write_text(testbench(circuit, samples))
    (folder / INPUTS).write_text(stimuli(circuit, inputs))
    log = folder / "simulation.log"
    for command in _commands():
        run_tool(command, directory=folder, log=log)
    cycles, outputs = read_outputs(folder, circuit)
    if len(cycles) != samples:
        message = f"{len(cycles)} of {samples} outputs came out of the simulation"
        raise EvaluationError(FailureKind.TOOL_FAILED, message)
    sent = FIRST_CYCLE + circuit.interval * np.arange(samples)
    intervals = set(np.diff(cycles).tolist()) or {circuit.interval}
    latencies = set((cycles - sent).tolist())
    if len(latencies) != 1 or len(intervals) != 1:
        message = f"latency varies: {sorted(latencies)}, intervals {sorted(intervals)}"
        raise EvaluationError(FailureKind.TOOL_FAILED, message)
    return Simulated(outputs, latencies.pop(), intervals.pop())


def _commands() -> list[list[str]]:
    if simulator().startswith("verilator"):
        translate = ["verilator", "--cc", "--exe", "--main", "--timing", "-Wno-fatal", "-Wno-lint",
                     "-Wno-style", "-O3", "--x-assign", "fast", "--output-split", "0",
                     "--top-module", "testbench", "--Mdir", "simulation",
                     TESTBENCH, NETWORK]  # fmt: skip
        # compiling takes far longer than running: one file, not optimised
        build = ["make", "-C", "simulation", "-f", "Vtestbench.mk", "VM_PARALLEL_BUILDS=0",
                 "OPT_FAST=-O0", "OPT_SLOW=-O0", "OPT_GLOBAL=-O0"]  # fmt: skip
        return [translate, build, ["simulation/Vtestbench"]]
    if simulator():
        return [["iverilog", "-g2005", "-o", "simulation.vvp", TESTBENCH, NETWORK],
                ["vvp", "-n", "simulation.vvp"]]  # fmt: skip
    raise EvaluationError(
        FailureKind.TOOL_MISSING, "no Verilog simulator", hint="Debian: apt-get install verilator"
    )
