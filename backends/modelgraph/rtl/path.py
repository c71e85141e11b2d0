"""Arithmetic with a register wherever the logic between two of them would take too long.

A `Path` follows one number from a register on and adds up what its steps take. A step that
does not fit the pipeline's budget begins behind a register. Numbers of equal types take equal
steps, and so equal cycles.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.exact import Constant, aligned, chosen, delayed, greater, known, times
from backends.modelgraph.rtl.exact import total as sum_of
from backends.modelgraph.rtl.number import (
    Number,
    ends,
    finer,
    fits,
    floored,
    limited,
    raised,
    rectified,
    resized,
)
from backends.modelgraph.rtl.pipeline import DSP48E1, Pipeline
from backends.modelgraph.rtl.verilog import VerilogBuilder


@dataclass
class Path:
    """The way of a number through a module.

    Args:
        code: module to write to.
        pipeline: what steps take, and how long the way between two registers may be.
        spent: what has passed since the last register.
        cycles: registers on the way so far.
    """

    code: VerilogBuilder
    pipeline: Pipeline = DSP48E1
    spent: float = 0.0
    cycles: int = 0

    def step(self, takes: float, *numbers: Number) -> list[Number]:
        """Return numbers as a step reads them: behind registers where it would not fit else."""
        found = list(numbers)
        if self.spent > 0 and self.spent + takes > self.pipeline.budget:
            found = [self.register(number) for number in numbers]
            self.cycles, self.spent = self.cycles + 1, 0.0
        self.spent += takes
        return found

    def register(self, number: Number) -> Number:
        """Return a number a cycle later; the path itself goes on without."""
        return delayed(self.code, number, 1)

    def end(self, number: Number) -> Number:
        """Return a number behind a register if any logic is in front of it."""
        if self.spent > 0:
            number, self.cycles, self.spent = self.register(number), self.cycles + 1, 0.0
        return number

    def since(self, cycles: int, number: Number) -> Number:
        """Return a number that was there after some cycles of this path as it is now."""
        return delayed(self.code, number, self.cycles - cycles)

    def each(
        self, function: Callable[["Path", Number], Number], numbers: Iterable[Number]
    ) -> list[Number]:
        """Return the values of a function of numbers of one type, which go side by side."""
        start = replace(self)
        found = []
        for number in numbers:
            own = replace(start)
            found.append(function(own, number))
            self.cycles, self.spent = own.cycles, own.spent
        return found

    def cast(self, value: Number, to: FixedType) -> Number:
        """Return a value as a C++ assignment to a type gives it; see `rtl.number.cast`."""
        return self.limited(self.rounded(value, to.fractional, to.rounding), to)

    def rounded(self, value: Number, fractional: int, rounding: str) -> Number:
        """Return a value with another number of fractional bits; see `rtl.number.rescaled`."""
        code, delays = self.code, self.pipeline.delays
        dropped = value.fractional - fractional
        if dropped <= 0:
            return finer(code, value, fractional)
        if rounding == "TRN":
            return floored(code, value, fractional, rounding)[0]
        (value,) = self.step(delays.gate(dropped + 1), value)
        floor, up = floored(code, value, fractional, rounding)
        assert up is not None  # noqa: S101  (no mode but TRN)
        floor, up = self.step(delays.chain(floor.bits + 1), floor, up)
        return raised(code, floor, up)

    def limited(self, value: Number, to: FixedType) -> Number:
        """Return a value in the range of a type; see `rtl.number.limited`."""
        if not fits(value, to) and to.overflow != "WRAP":
            (value,) = self.step(self._limit_takes(value, to), value)
        return limited(self.code, value, to)

    def _limit_takes(self, value: Number, to: FixedType) -> float:
        compared = max(value.bits, to.width + 1) - to.width + 1
        if to.overflow == "SAT_SYM":
            compared += to.width
        delays = self.pipeline.delays
        if compared < delays.inputs:  # the table that chooses compares too
            return delays.table + delays.reset
        return delays.gate(compared) + delays.table

    def replaced(self, value: Number, to: FixedType, low: str, high: str) -> Number:
        """Return a value, or what stands for those beyond the ends of a type."""
        (value,) = self.step(self._limit_takes(value, to), value)
        return ends(self.code, value, to, low, high)

    def relu(self, value: Number, to: FixedType) -> Number:
        """Return max(value, 0) cast to a type."""
        # where the cast takes no logic, the register behind it is reset by the sign
        simple = (to.rounding, to.overflow) == ("TRN", "WRAP")
        (value,) = self.step(0.0 if simple else self.pipeline.delays.table, value)
        return self.cast(rectified(self.code, value), to)

    def sum(self, first: Number, second: Number, sign: str = "+") -> Number:
        """Return the exact sum, or with sign ``-`` the difference, of two numbers."""
        a, b = aligned(self.code, first, second)
        a, b = self.step(self.pipeline.delays.chain(a.bits + 1), a, b)
        return sum_of(self.code, a, b, sign)

    def larger(self, first: Number, second: Number) -> Number:
        """Return the larger of two numbers."""
        return self.if_above(first, second, first, second)

    def if_above(self, first: Number, second: Number, yes: Number, no: Number) -> Number:
        """Return one of two numbers where the first of two others is above the second."""
        a, b = aligned(self.code, first, second)
        return self._compared(self.pipeline.delays.chain(a.bits), a, b, yes, no)

    def clipped(self, x: Number, low: int, high: int) -> Number:
        """Return a number limited to a range of integers."""
        x = self.beyond(x, Constant(low), below=True)
        return self.beyond(x, Constant(high), below=False)

    def beyond(
        self, x: Number, limit: Constant, *, below: bool, yes: Number | None = None,
        no: Number | None = None,
    ) -> Number:  # fmt: skip
        """Return a number where x is below, or above, a constant, else another.

        They are the constant and x unless given.
        """
        end, code = known(self.code, limit), self.code
        a, b = aligned(code, *((end, x) if below else (x, end)))
        takes = self.pipeline.delays.against_constant(a.bits)
        return self._compared(takes, a, b, yes or end, no or x)

    def _compared(self, takes: float, a: Number, b: Number, yes: Number, no: Number) -> Number:
        a, b, yes, no = self.step(takes, a, b, yes, no)
        above = Number(self.code.wire(1, greater(self.code, a, b), "above"), 1, 0)
        return self.choice(above, yes, no)

    def choice(self, condition: Number, first: Number, second: Number) -> Number:
        """Return the first number where a bit is set, else the second."""
        condition, first, second = self.step(self.pipeline.delays.table, condition, first, second)
        return chosen(self.code, condition.name, first, second)

    def product(self, first: Number, second: Number) -> Number:
        """Return the exact product of two numbers, each from a register."""
        if self.spent > 0 and not self.pipeline.operands:
            first, second = self.register(first), self.register(second)
            self.cycles += 1
        made, cycles = times(self.code, first, second, self.pipeline)
        self.cycles, self.spent = self.cycles + cycles, 0.0
        return made


def together(code: VerilogBuilder, found: list[tuple[Path, Number]]) -> tuple[list[Number], int]:
    """Return numbers at the end of their paths, all as late as the last, and its cycles."""
    last = max(path.cycles for path, _ in found)
    return [delayed(code, number, last - path.cycles) for path, number in found], last


def quotient(path: Path, n: Number, divisor: int) -> Number:
    """Return a raw number divided by a positive integer, towards zero.

    A power of two is a shift. Else the magnitude is multiplied by a reciprocal with so many bits
    that the integer part of the product is exact: for n < 2**b and s = b + ceil(log2(divisor)),
    n // divisor is n * (2**s // divisor + 1) >> s (Granlund and Montgomery, 1994).
    """
    code, shift = path.code, (divisor - 1).bit_length()
    if divisor == 1 << shift:
        found = path.rounded(Number(n.name, n.bits, shift), 0, "TRN_ZERO")
        return Number(found.name, found.bits, n.fractional)
    (n,) = path.step(path.pipeline.delays.chain(n.bits + 1), n)
    start, below = path.cycles, negative(code, n)
    magnitude = _signed(code, resized(code, n, n.bits + 1), below)
    shift += n.bits
    exact = path.product(Number(magnitude, n.bits + 1, 0),
                         known(code, Constant((1 << shift) // divisor + 1)))  # fmt: skip
    whole = resized(code, exact, max(exact.bits, shift + 2))
    bits = whole.bits - shift
    size = Number(code.wire(bits, f"{whole.name}[{whole.bits - 1}:{shift}]"), bits, n.fractional)
    below = path.since(start, below)
    size, below = path.step(path.pipeline.delays.chain(bits), size, below)
    return Number(_signed(code, size, below), bits, n.fractional)


def negative(code: VerilogBuilder, x: Number) -> Number:
    """Return whether a number is below zero, as a bit."""
    return Number(code.wire(1, f"{x.name}[{x.bits - 1}]", "sign"), 1, 0)


def _signed(code: VerilogBuilder, value: Number, minus: Number) -> str:
    """Return a number, or its negative where a bit is set: one carry chain."""
    flipped = f"({value.name} ^ {{{value.bits}{{{minus.name}}}}})"
    return code.wire(value.bits, f"{flipped} + {{{value.bits - 1}'d0, {minus.name}}}")
