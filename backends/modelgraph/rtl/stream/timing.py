"""When every position passes through a stream that never stalls, in cycles, and what waits.

A layer takes a position when it is there and the one before is done with: one cycle later, or
`interval` cycles later where that one has started the layer's circuit. So times follow layer by
layer, without a simulation of single cycles. Simulated RTL confirms them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.rtl.stream.front import Front

Times = NDArray[np.int64]


@dataclass(frozen=True)
class Passing:
    """Cycles in which a layer takes its inputs and starts its circuit.

    Args:
        takes: of every input position, all inferences one after the other.
        starts: of every output position.
    """

    takes: Times
    starts: Times


def cycles(front: Front, interval: int) -> int:
    """Return the fewest cycles from one inference to the next.

    Args:
        front: how the layer reads its input.
        interval: cycles from one start of its circuit to the next.
    """
    fires = front.fires
    return len(fires) + int(fires.sum()) * (interval - 1)


def passing(front: Front, interval: int, there: Times, reset: int) -> Passing:
    """Return when a layer takes positions.

    Args:
        front: how the layer reads its input.
        interval: cycles from one start of its circuit to the next.
        there: first cycle in which every input position can be taken, in order.
        reset: first cycle after the reset; padding is there from then on.
    """
    inside, fires = front.inside, front.fires
    inferences = len(there) // int(inside.sum())
    inside, fires = np.tile(inside, inferences), np.tile(fires, inferences)
    busy = np.where(fires, interval, 1)
    # after[i]: cycles that the positions before i keep the layer busy
    after = np.concatenate([[0], np.cumsum(busy)[:-1]])
    earliest = np.full(len(inside), reset, dtype=np.int64)
    earliest[inside] = there
    # a position is taken when it is there and all before are done: a running maximum
    times = np.maximum.accumulate(earliest - after) + after
    return Passing(times[inside], times[fires])


def depth(reserved: Times, taken: Times) -> int:
    """Return the fewest slots of a FIFO with which the layer before it never waits.

    Args:
        reserved: cycles in which slots are reserved: when the layer before starts on a position.
        taken: cycles in which the positions leave.
    """
    left = np.searchsorted(taken, reserved, side="left")  # a slot is free a cycle after it is left
    return int((np.arange(len(reserved)) - left).max()) + 1
