"""From a network's circuit to a routed one: map, check the fit, place and route, simulate."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.rtl.circuit import Circuit
from backends.openhls.pnr.family import Target
from backends.openhls.pnr.fit import check_fit
from backends.openhls.pnr.harness import CYCLES, HARNESS, harness
from backends.openhls.pnr.route import Routed, SeedStalledError, route
from backends.openhls.pnr.synthesis import Mapped, map_to
from backends.openhls.simulate import simulate
from dse.contracts.errors import EvaluationError, FailureKind

SPARES = 3
"""Further seeds at most, each in the place of one whose routing stalled."""


def mapped(circuit: Circuit, text: str, target: Target, cache: Path) -> Mapped:
    """Return a network behind registers, in the cells of a family.

    Args:
        circuit: the circuit.
        text: its Verilog.
        target: device.
        cache: shared cache folder.

    Raises:
        EvaluationError: Yosys failed, or the part has too few of a resource.
    """
    found = map_to(target.family, text + harness(circuit), HARNESS, cache)
    check_fit(target.part, found.counts)
    return found


@dataclass(frozen=True)
class Implemented:
    """A network placed and routed with several seeds.

    Args:
        runs: those that were routed, the fastest first.
        failed: by seed, why it was not.
    """

    runs: Sequence[Routed]
    failed: Mapping[int, str]

    @property
    def best(self) -> Routed:
        """The fastest run."""
        return self.runs[0]

    @property
    def routed(self) -> float:
        """Share of the seeds that were routed."""
        return len(self.runs) / (len(self.runs) + len(self.failed))


def implement(
    design: Mapped,
    target: Target,
    clock_period_ns: float,
    seeds: int,
    cache: Path,
    progress: Callable[[str], None],
) -> Implemented:
    """Place and route a mapped design with several seeds, from 1 on.

    Up to three further ones are taken for those whose routing stalls.

    Args:
        design: the design.
        target: device.
        clock_period_ns: period that nextpnr aims at.
        seeds: number of seeds.
        cache: shared cache folder.
        progress: is told each seed.

    Raises:
        EvaluationError: nextpnr failed, or no seed was routed.
    """
    runs: list[Routed] = []
    failed: dict[int, EvaluationError] = {}
    waiting = deque(range(1, seeds + 1))
    spares = deque(range(seeds + 1, seeds + SPARES + 1))
    while waiting:
        seed = waiting.popleft()
        progress(f"place and route, seed {seed}")
        try:
            runs.append(route(design.netlist, target, clock_period_ns, seed, cache))
        except EvaluationError as error:
            if error.kind is not FailureKind.DOES_NOT_FIT:
                raise
            failed[seed] = error
            if isinstance(error, SeedStalledError) and spares:
                waiting.append(spares.popleft())
    if not runs:
        raise none_routed(failed)
    reasons = {seed: error.message for seed, error in failed.items()}
    return Implemented(sorted(runs, key=lambda run: -run.fmax_mhz), reasons)


def none_routed(failed: Mapping[int, EvaluationError]) -> EvaluationError:
    """Return the failure of a design that was not routed with any seed, from those by seed."""
    *others, last = failed.values()
    if not others:
        return last
    message = f"none of the seeds 1 to {len(failed)} was routed; the last: {last.message}"
    return EvaluationError(last.kind, message, hint=last.hint, log=last.log)


def check_routed(
    text: str,
    circuit: Circuit,
    inputs: Mapping[str, NDArray[Any]],
    expected: Sequence[NDArray[np.float64]],
    folder: Path,
    cache: Path,
) -> int:
    """Simulate a routed netlist and compare it with `bittrue`; return its latency in cycles.

    The registers of the inputs (`harness`) are not part of the latency.

    Args:
        text: Verilog of the netlist.
        circuit: the network.
        inputs: samples by input.
        expected: what `bittrue` gives for them, by output.
        folder: folder of the simulation.
        cache: shared cache folder.

    Raises:
        EvaluationError: an output differs, or the simulator failed.
    """
    simulated = simulate(circuit, text, inputs, folder, cache)
    wrong, size = simulated.differing(expected)
    if wrong:
        message = f"the routed netlist and bittrue differ in {wrong} of {size} outputs"
        hint = "this is a defect of dse or of the tools: please report it"
        raise EvaluationError(FailureKind.TOOL_FAILED, message, hint=hint)
    return simulated.latency_cycles - CYCLES
