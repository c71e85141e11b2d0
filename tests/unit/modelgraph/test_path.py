"""Registers of a path: where a step does not fit any more, and nowhere else."""

import math

import pytest

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.number import Number
from backends.modelgraph.rtl.path import Path, together
from backends.modelgraph.rtl.pipeline import Delays, Pipeline
from backends.modelgraph.rtl.verilog import VerilogBuilder

X = Number("x", 24, 12)


def test_what_logic_takes_in_levels() -> None:
    levels = Delays()
    assert [levels.chain(bits) for bits in (4, 5, 16, 20, 32)] == [2, 3, 5, 6, 9]
    assert [levels.gate(inputs) for inputs in (1, 2, 6, 7, 36, 37)] == [0, 1, 1, 2, 2, 3]


@pytest.mark.parametrize(
    ("rounding", "overflow", "cycles"),
    [
        ("TRN", "WRAP", 0),  # wires
        ("TRN", "SAT", 0),  # 2 levels to compare 9 bits, 1 to choose
        ("RND", "WRAP", 1),  # 2 levels to look at 9 bits, then a carry chain of 16: 2 + 5 > 6
        ("RND_CONV", "SAT", 2),
    ],
)
def test_registers_of_a_cast(rounding: str, overflow: str, cycles: int) -> None:
    """From 24 bits, 12 fractional, to 8 bits, 4 fractional."""
    to = FixedType(8, 4, rounding=rounding, overflow=overflow)
    path = Path(VerilogBuilder())
    path.cast(X, to)
    assert path.cycles == cycles
    at_once = Path(VerilogBuilder(), Pipeline(budget=math.inf))
    at_once.cast(X, to)
    assert at_once.cycles == 0
    assert not any("reg " in line for line in at_once.code.lines)


def test_a_sum_is_never_divided() -> None:
    path = Path(VerilogBuilder(), Pipeline(budget=1.0))
    wide = path.sum(X, X)
    assert (path.cycles, wide.bits) == (0, 25)
    path.sum(wide, X)
    assert path.cycles == 1


def test_numbers_wait_for_the_slowest() -> None:
    code = VerilogBuilder()
    short, long = Path(code), Path(code, cycles=2)
    numbers, cycles = together(code, [(short, X), (long, X)])
    assert cycles == 2
    assert numbers[1] == X
    assert sum(line.startswith("reg ") for line in code.lines) == 2
