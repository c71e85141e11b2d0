"""Times of positions in streams that never stall, against a simulation of single cycles."""

from collections import deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.modelgraph.rtl.stream.front import Front, Positions, Scan, Whole
from backends.modelgraph.rtl.stream.timing import cycles, depth, passing

PAIR = st.tuples(st.integers(0, 2), st.integers(0, 2))


@st.composite
def scans(draw: st.DrawFn) -> Scan:
    size = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    pads = draw(st.tuples(PAIR, PAIR))
    padded = [n + sum(pad) for n, pad in zip(size, pads, strict=True)]
    kernel = tuple(draw(st.integers(1, min(3, n))) for n in padded)
    stride = draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
    windows = tuple((n - k) // s + 1 for n, k, s in zip(padded, kernel, stride, strict=True))
    return Scan(size, pads, (kernel[0], kernel[1]), stride, windows=(windows[0], windows[1]))


FRONTS = st.one_of(
    scans(), st.builds(Positions, st.integers(1, 9)), st.builds(Whole, PAIR.map(sum))
)


def stepped(
    front: Front, interval: int, there: list[int], reset: int
) -> tuple[list[int], list[int]]:
    """Cycles of takes and starts, cycle by cycle."""
    kinds = list(zip(front.inside, front.fires, strict=True))
    waiting, takes, starts = deque(there), [], []
    cycle, busy, place = reset, 0, 0
    while waiting or place:
        inside, fires = kinds[place]
        if busy == 0 and (not inside or (waiting and waiting[0] <= cycle)):
            if inside:
                takes.append(waiting.popleft())
                takes[-1] = cycle
            if fires:
                starts.append(cycle)
                busy = interval
            busy = max(busy, 1)
            place = (place + 1) % len(kinds)
        busy = max(busy - 1, 0)
        cycle += 1
    return takes, starts


@given(scans(), st.integers(1, 4), st.integers(1, 5), st.integers(0, 3))
def test_times_are_those_of_single_cycles(front: Scan, interval: int, pace: int, gap: int) -> None:
    count = int(front.inside.sum())
    there = np.concatenate([np.arange(count) * pace, (count + gap + np.arange(count)) * pace])
    found = passing(front, interval, there, -5)
    takes, starts = stepped(front, interval, there.tolist(), -5)
    assert found.takes.tolist() == takes
    assert found.starts.tolist() == starts


@given(scans())
def test_a_scan_has_the_windows_of_a_convolution(front: Scan) -> None:
    """Every window ends at its last pixel, found here by listing the corners."""
    height, width = front.padded
    ends = {
        (
            row * front.stride[0] + front.kernel[0] - 1,
            column * front.stride[1] + front.kernel[1] - 1,
        )
        for row, column in np.ndindex(front.windows)
    }
    assert {divmod(int(i), width) for i in np.flatnonzero(front.fires)} == ends
    assert len(front.inside) == height * width
    assert front.inside.sum() == front.size[0] * front.size[1]


@pytest.mark.parametrize(
    ("front", "interval", "expected"),
    [
        (Positions(10), 1, 10),
        (Positions(10), 4, 40),
        (Whole(10), 4, 13),  # nine positions, then the last one for four cycles
        (Scan((4, 4), ((1, 1), (1, 1)), (3, 3), windows=(4, 4)), 1, 36),
        (Scan((4, 4), ((1, 1), (1, 1)), (3, 3), windows=(4, 4)), 9, 36 + 16 * 8),
    ],
)
def test_cycles_of_an_inference(front: Front, interval: int, expected: int) -> None:
    assert cycles(front, interval) == expected


def test_depth_is_what_waits() -> None:
    reserved, taken = np.array([0, 1, 2, 3, 10]), np.array([5, 6, 7, 8, 11])
    assert depth(reserved, taken) == 4
    assert depth(reserved, reserved + 1) == 2  # a slot is free a cycle after it is left
    assert depth(reserved * 2, reserved * 2 + 1) == 1
