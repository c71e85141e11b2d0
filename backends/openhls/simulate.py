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

from backends.modelgraph.rtl.circuit import Circuit
from backends.openhls.testbench import (
    FIRST_CYCLE,
    INPUTS,
    OUTPUTS,
    read_outputs,
    stimuli,
    testbench,
)
from dse.contracts.errors import EvaluationError, FailureKind
from dse.runtime.cache import cached_directory, digest
from dse.runtime.tools import run_tool

NETWORK, TESTBENCH, LOG = "network.v", "testbench.v", "simulation.log"
INSTALL = "Debian: apt-get install verilator; or iverilog, which needs no compiler but is slow"


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
    circuit: Circuit, text: str, inputs: Mapping[str, NDArray[Any]], folder: Path, cache: Path
) -> Simulated:
    """Run the network on samples back to back; leaves its files in `folder`.

    Args:
        circuit: what `text` was written from.
        text: Verilog of the network.
        inputs: by name, first axis samples.
        folder: for sources, stimuli, outputs and the log.
        cache: shared cache folder.

    Raises:
        EvaluationError: the simulator failed, or an output is missing or late.
    """
    samples = len(next(iter(inputs.values())))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NETWORK).write_text(text)
    (folder / TESTBENCH).write_text(testbench(circuit, samples))
    (folder / INPUTS).write_text(stimuli(circuit, inputs))
    (folder / OUTPUTS).unlink(missing_ok=True)  # of an earlier try
    if simulator().startswith("verilator"):
        _verilator(folder, cache)
    elif simulator():
        _icarus(folder)
    else:
        raise EvaluationError(
            FailureKind.TOOL_MISSING, "there is no Verilog simulator", hint=INSTALL
        )
    return _timed(circuit, samples, *read_outputs(folder, circuit))


def _timed(
    circuit: Circuit, samples: int, cycles: NDArray[np.int64], outputs: NDArray[np.float64]
) -> Simulated:
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


TRANSLATE = ("verilator", "--cc", "--exe", "--main", "--timing", "-Wno-fatal", "-Wno-lint",
              "-Wno-style", "-O3", "-fno-const-bit-op-tree", "--x-assign", "fast",
              "--output-split", "0", "--top-module", "testbench",
              "--Mdir", "simulation")  # fmt: skip
MAKE = ("make", "-C", "simulation", "-f", "Vtestbench.mk", "VM_PARALLEL_BUILDS=0",
         "OPT_FAST=-O0", "OPT_SLOW=-O0", "OPT_GLOBAL=-O0")  # fmt: skip
"""Compiling takes far longer than running: one file, not optimised.

Trees of bit operations are not simplified: Verilator 5.006 does it wrong for a bit of a rounded
number (`1'b0, x[10] & x[11]` as a signed number is -1).
"""


def _verilator(folder: Path, cache: Path) -> None:
    key = digest("verilator", simulator(), TRANSLATE, MAKE)
    runtime = cached_directory(cache / "verilator", key, _build_runtime)
    log = folder / LOG
    shutil.rmtree(folder / "simulation", ignore_errors=True)  # of an earlier try
    run_tool([*TRANSLATE, TESTBENCH, NETWORK], directory=folder, log=log)
    objects = list((runtime / "simulation").glob("verilated*.o"))
    for file in objects:
        shutil.copy(file, folder / "simulation")
    try:
        run_tool(MAKE, directory=folder, log=log)
    except EvaluationError:  # perhaps because the cache is damaged: once more without
        shutil.rmtree(runtime, ignore_errors=True)
        for file in objects:
            (folder / "simulation" / file.name).unlink(missing_ok=True)
        run_tool(MAKE, directory=folder, log=log)
    run_tool(["simulation/Vtestbench"], directory=folder, log=log)


def _build_runtime(folder: Path) -> None:
    """Verilator's own library, the same for every network."""
    (folder / TESTBENCH).write_text("module testbench; initial #1 $finish; endmodule\n")
    run_tool([*TRANSLATE, TESTBENCH], directory=folder, log=folder / LOG)
    run_tool(MAKE, directory=folder, log=folder / LOG)


def _icarus(folder: Path) -> None:
    build = ["iverilog", "-g2005", "-o", "simulation.vvp", TESTBENCH, NETWORK]
    run_tool(build, directory=folder, log=folder / LOG)
    run_tool(["vvp", "-n", "simulation.vvp"], directory=folder, log=folder / LOG)
