"""Times of a whole streamed network: its interval, its latency and the depths of its FIFOs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backends.modelgraph.rtl.stream import timing
from backends.modelgraph.rtl.stream.front import Front
from backends.modelgraph.rtl.stream.timing import Times

OUT = "out"
"""Reader of what leaves the network."""

Edge = tuple[str, str, int]
"""Who writes, who reads, and the number of the reader's input."""


@dataclass(frozen=True)
class Step:
    """One layer in the order of the data.

    Args:
        name: of the layer.
        sources: what it reads: names of layers or inputs.
        front: how it reads.
        interval: cycles from one start of its circuit to the next.
        latency: of its circuit, in cycles.
    """

    name: str
    sources: tuple[str, ...]
    front: Front
    interval: int
    latency: int


@dataclass(frozen=True)
class Schedule:
    """Times of a network that never stalls, with positions of its inputs at an even pace.

    Args:
        interval: cycles from one inference to the next.
        depths: slots of every FIFO, in flight included.
        arrivals: cycle, from the first input on, in which every position of each output is there.
        inferences: back to back, which the arrivals are of.
    """

    interval: int
    depths: Mapping[Edge, int]
    arrivals: Sequence[Times]
    inferences: int

    @property
    def latency(self) -> int:
        """Cycles from the first input of an inference to its last output."""
        return max(int(times[len(times) // self.inferences - 1]) for times in self.arrivals)


def interval_of(inputs: Mapping[str, int], steps: Sequence[Step]) -> int:
    """Return the cycles from one inference to the next: those of the slowest layer."""
    layers = [timing.cycles(step.front, step.interval) for step in steps]
    return max([*layers, *inputs.values()])


def sent(positions: int, interval: int, inferences: int) -> Times:
    """Return when the positions of an input are sent, evenly; the first in cycle 0."""
    starts = interval * np.arange(inferences)[:, None]
    return np.asarray((starts + interval // positions * np.arange(positions)).ravel())


def schedule(
    inputs: Mapping[str, int], steps: Sequence[Step], outputs: Sequence[str], inferences: int
) -> Schedule:
    """Return the times of a network.

    Args:
        inputs: positions of one inference, by name.
        steps: layers in the order of the data.
        outputs: names of the layers or inputs that leave the network.
        inferences: back to back, for which the FIFOs are made.
    """
    interval = interval_of(inputs, steps)
    reserved = {name: sent(count, interval, inferences) for name, count in inputs.items()}
    there = {name: times + 1 for name, times in reserved.items()}
    taken: dict[tuple[str, int], Times] = {}
    for step in steps:
        first = np.max([there[source] for source in step.sources], axis=0)
        passed = timing.passing(step.front, step.interval, first, -interval)
        reserved[step.name] = passed.starts
        # a cycle to start, those of the circuit, and one into the FIFO
        there[step.name] = passed.starts + 2 + step.latency
        taken |= {(step.name, port): passed.takes for port in range(len(step.sources))}
    taken |= {(OUT, port): there[source] for port, source in enumerate(outputs)}
    edges = [(source, s.name, port) for s in steps for port, source in enumerate(s.sources)]
    edges += [(source, OUT, port) for port, source in enumerate(outputs)]
    depths = {
        (source, reader, port): timing.depth(reserved[source], taken[reader, port])
        for source, reader, port in edges
    }
    return Schedule(interval, depths, [there[source] for source in outputs], inferences)
