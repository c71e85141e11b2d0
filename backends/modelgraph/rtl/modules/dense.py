"""One row of a dense layer: n_in inputs, n_out outputs, every multiplier used R times.

The n_in * n_out products, output by output, are dealt to ceil(n_in * n_out / R) multipliers,
at most R consecutive ones to each, one a cycle. A multiplier's input is chosen by the phase, its
weight comes from a table; multipliers that read the same inputs in the same order share the
choice. At R = 1 weights are constants and no product of a zero weight exists.

Where every output has one multiplier and a multiplier several outputs (R a multiple of n_in
above it), one accumulator does these outputs one after the other; else every output has its
own.

Latency: choice (1, at R > 1), product (1, more for operands wider than a DSP slice), adder
tree (1 a level), accumulation (R, at R > 1), cast and activation (1).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.fixed_point import FixedType, Raw, Tensor, limit, rescale
from backends.modelgraph.rtl.modules.product import Shape, product
from backends.modelgraph.rtl.modules.sums import levels, tree_sum
from backends.modelgraph.rtl.number import Number, cast, element, pack, relu, rescaled, resized
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder, constant, signed_bits


@dataclass(frozen=True)
class DenseSpec:
    """What one row computes.

    Args:
        weight: raw weights (n_in, n_out) with their fractional bits.
        bias: raw biases (n_out,) with theirs.
        given: type of the inputs.
        accum: type products are cast to and added in; wraps, or is wide enough.
        result: type of the sums.
        relu: type after a ReLU, if one follows.
        reuse: R.
    """

    weight: Tensor
    bias: Tensor
    given: FixedType
    accum: FixedType
    result: FixedType
    relu: FixedType | None
    reuse: int

    @property
    def may_overflow(self) -> bool:
        """Whether some input can drive an accumulator out of its range."""
        weights = np.abs(np.asarray(self.weight.raw, dtype=object))
        largest = max(-self.given.low, self.given.high) * weights.sum(axis=0)
        scale = self.weight.fractional + self.given.fractional
        reach = max(float(value) for value in largest) * 2.0**-scale
        reach += float(np.abs(self.bias.values).max(initial=0.0))
        reach += (len(weights) + 1) * 2.0**-self.accum.fractional  # rounding of every term
        return reach >= self.accum.high * 2.0**-self.accum.fractional


@dataclass(frozen=True)
class _Slot:
    """What a multiplier does in one phase; no output for nothing."""

    source: int
    output: int | None
    weight: int


Schedule = list[list[_Slot]]
"""Slots by multiplier and phase."""


def schedule(weight: NDArray[np.int64], reuse: int) -> Schedule:
    """Deal products to multipliers; those with nothing but zero weights do not exist.

    Where it takes no more multipliers, none works for parts of two outputs: products need no
    sorting then.
    """
    n_in, n_out = weight.shape
    outputs = [[_Slot(i, o, int(weight[i, o])) for i in range(n_in)] for o in range(n_out)]
    rows = _aligned(outputs, reuse)
    if len(rows) > -(-n_in * n_out // reuse):
        rows = _chunks([slot for output in outputs for slot in output], reuse)
    idle = [_Slot(0, None, 0)] * reuse
    return [[*row, *idle[len(row) :]] for row in rows if any(slot.weight for slot in row)]


def _aligned(outputs: Schedule, reuse: int) -> Schedule:
    """Whole outputs to a multiplier, or whole multipliers to an output."""
    together = reuse // len(outputs[0])
    if together == 0:
        return [row for output in outputs for row in _chunks(output, reuse)]
    groups = _chunks(list(range(len(outputs))), together)
    return [[slot for o in group for slot in outputs[o]] for group in groups]


def _chunks(items: list[Any], size: int) -> list[list[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def dense(spec: DenseSpec) -> Module:
    """The module of one row: ports `x` (n_in numbers) and `y` (n_out numbers)."""
    return DenseGenerator(spec).module()


class DenseGenerator:
    """Builds the Verilog module of one dense layer."""

    def __init__(self, spec: DenseSpec) -> None:
        self.spec = spec
        self.code = VerilogBuilder()
        weight = np.asarray(spec.weight.raw, dtype=np.int64)
        self.n_in, self.n_out = weight.shape
        self.schedule = schedule(weight, spec.reuse)
        x_bits = spec.given.width if spec.given.signed else spec.given.width + 1
        self.shape = Shape(x_bits, signed_bits(*weight.ravel().tolist()))
        self.phase_bits = (spec.reuse - 1).bit_length()
        self.choice = 1 if spec.reuse > 1 else 0
        terms = [len(self._terms_of(output)) for output in range(self.n_out)]
        self.depth = levels(max(terms))
        self.before_sum = self.choice + self.shape.cycles + self.depth

    @property
    def latency(self) -> int:
        """Cycles from input to output."""
        return self.before_sum + 1 + (self.spec.reuse if self.spec.reuse > 1 else 0)

    def module(self) -> Module:
        """The module with its ports and latency."""
        products = self._products()
        if self._one_after_the_other:
            numbers = self._shared(products)
        else:
            sums = [self._sum(products, output) for output in range(self.n_out)]
            numbers = [self._finished(name, output) for output, name in enumerate(sums)]
        result = self.spec.relu or self.spec.result
        reuse = self.spec.reuse
        enables = {"load": self.before_sum, "done": self.latency - 1} if reuse > 1 else {}
        if self._one_after_the_other:
            del enables["load"]
        bits = result.width * self.n_out
        packed = self.code.wire(bits, pack(numbers, result), "packed")
        y = self.code.register(bits, packed, "y", "done" if reuse > 1 else "")
        inputs = [Port("x", self.spec.given.width * self.n_in)]
        return self.code.module("dense", inputs, (bits, y), self.latency, enables, self.phase_bits)

    def _terms_of(self, output: int) -> list[int]:
        """Multipliers that ever work for an output."""
        return [
            number
            for number, slots in enumerate(self.schedule)
            if any(slot.output == output and slot.weight for slot in slots)
        ]

    def _products(self) -> list[Number]:
        """Products of all multipliers, in the accumulator's fractional bits."""
        spec, code = self.spec, self.code
        x = [element(code, "x", i, spec.given) for i in range(self.n_in)]
        chosen: dict[tuple[int, ...], str] = {}
        found = []
        for slots in self.schedule:
            order = tuple(slot.source for slot in slots)
            if order not in chosen:
                chosen[order] = self._choice([x[i].name for i in order], self.shape.x_bits)
            weights = [constant(slot.weight, self.shape.w_bits) for slot in slots]
            weight = self._choice(weights, self.shape.w_bits)
            exact = product(code, chosen[order], weight, self.shape)
            bits = self.shape.x_bits + self.shape.w_bits
            number = Number(exact, bits, spec.given.fractional + spec.weight.fractional)
            found.append(rescaled(code, number, spec.accum.fractional, spec.accum.rounding))
        return found

    def _choice(self, values: list[str], bits: int) -> str:
        """The value whose turn it is, a cycle later; the only one itself."""
        if len(values) == 1:
            return self.code.wire(bits, values[0])
        if len(set(values)) == 1:
            return self.code.register(bits, values[0], "c")
        name = self.code.name("c")
        cases = " ".join(f"{i}: {name} <= {value};" for i, value in enumerate(values[:-1]))
        self.code.lines.append(f"reg signed [{bits - 1}:0] {name};")
        self.code.lines.append(
            f"always @(posedge clk) case (phase) {cases} default: {name} <= {values[-1]}; endcase"
        )
        return name

    def _sum(self, products: list[Number], output: int) -> str:
        """Name of the tree's sum for an output, one term of the accumulation at R > 1."""
        bits = self.spec.accum.width
        terms = []
        for number in self._terms_of(output):
            term = resized(self.code, products[number], bits).name
            terms.append(self._gated(term, number, output))
        if not terms:
            return self.code.wire(bits, constant(0, bits))
        return tree_sum(self.code, terms, bits, self.depth)

    def _gated(self, term: str, number: int, output: int) -> str:
        """Zero in the phases in which the multiplier works for another output."""
        phases = [p for p, slot in enumerate(self.schedule[number]) if slot.output == output]
        others = {p for p, slot in enumerate(self.schedule[number]) if slot.weight} - set(phases)
        if not others:
            return term
        bits = self.spec.accum.width
        mine = " | ".join(f"(phase == {self.phase_bits}'d{p})" for p in phases)
        at_product = self.code.delayed(1, mine, self.choice + self.shape.cycles)
        return self.code.wire(bits, f"{at_product} ? {term} : {constant(0, bits)}", "g")

    def _finished(self, total: str, output: int) -> Number:
        """Bias, cast, activation."""
        spec, code, bits = self.spec, self.code, self.spec.accum.width
        bias = constant(_bias(spec)[output], bits)
        if spec.reuse > 1:
            name = code.name("acc")
            code.lines.append(f"reg signed [{bits - 1}:0] {name};")
            code.lines.append(
                f"always @(posedge clk) {name} <= (load ? {bias} : {name}) + {total};"
            )
        else:
            name = code.wire(bits, f"{total} + {bias}")
        return self._converted(name)

    def _converted(self, total: str) -> Number:
        """A sum as the layer gives it out."""
        spec, code = self.spec, self.code
        result = cast(code, Number(total, spec.accum.width, spec.accum.fractional), spec.result)
        return result if spec.relu is None else relu(code, result, spec.relu)

    @property
    def _one_after_the_other(self) -> bool:
        alone = all(len(self._terms_of(output)) <= 1 for output in range(self.n_out))
        return alone and self.spec.reuse > self.n_in

    def _shared(self, products: list[Number]) -> list[Number]:
        """Outputs by a shared accumulator; all but those of the last phase wait in registers."""
        code, bits = self.code, self.spec.accum.width
        now = code.delayed(self.phase_bits, "phase", self.before_sum)
        after = code.delayed(self.phase_bits, now, 1)
        bias = _bias(self.spec)
        found = [
            self._converted(code.wire(bits, constant(bias[o], bits))) for o in range(self.n_out)
        ]
        for number, slots in enumerate(self.schedule):
            outputs = dict.fromkeys(slot.output for slot in slots if slot.output is not None)
            phases = {o: [p for p, s in enumerate(slots) if s.output == o] for o in outputs}
            start = self._start(now, {bias_of: phases[bias_of][0] for bias_of in outputs}, bias)
            term = resized(code, products[number], bits).name
            total = code.name("acc")
            code.lines.append(f"reg signed [{bits - 1}:0] {total};")
            code.lines.append(f"always @(posedge clk) {total} <= ({start} : {total}) + {term};")
            result = self._converted(total)
            for output in outputs:
                found[output] = self._kept(result, after, phases[output][-1])
        return found

    def _start(self, now: str, first: dict[int, int], bias: list[int]) -> str:
        """What an accumulator starts with in the first phase of each output, open at its end."""
        bits = self.spec.accum.width
        return " : ".join(
            f"{now} == {self.phase_bits}'d{phase} ? {constant(bias[output], bits)}"
            for output, phase in first.items()
        )

    def _kept(self, result: Number, after: str, phase: int) -> Number:
        if phase == self.spec.reuse - 1:
            return result
        enable = f"{after} == {self.phase_bits}'d{phase}"
        name = self.code.register(result.bits, result.name, "k", enable)
        return Number(name, result.bits, result.fractional)


def _bias(spec: DenseSpec) -> list[int]:
    """Raw biases as the accumulator starts with them."""
    raw: Raw = limit(rescale(spec.bias, spec.accum.fractional, spec.accum.rounding), spec.accum)
    return [int(value) for value in raw]


def multipliers(spec: DenseSpec) -> int:
    """How many multipliers the layer has."""
    return len(schedule(np.asarray(spec.weight.raw, dtype=np.int64), spec.reuse))


def slots(spec: DenseSpec) -> Iterator[list[tuple[int, int | None, int]]]:
    """The schedule as plain tuples (input, output, weight), for tests and reports."""
    for row in schedule(np.asarray(spec.weight.raw, dtype=np.int64), spec.reuse):
        yield [(slot.source, slot.output, slot.weight) for slot in row]
