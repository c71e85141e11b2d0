"""Module for one row of a dense layer: n_in inputs, n_out outputs, reuse factor R.

The n_in * n_out products, output by output, are assigned to ceil(n_in * n_out / R) multipliers:
to each at most R consecutive ones, one per cycle. The phase (0 … R - 1) selects a multiplier's
input and its weight; multipliers that read the same inputs in the same order share the
multiplexer. At R = 1 weights are constants, and there is no multiplier for a zero weight. There
are fewer products where an output reads a part of the inputs (`DenseSpec.connected`).

Where a multiplier computes several outputs alone (R above n_in), they share one accumulator, one
after the other; else every output has an accumulator of its own.

Latency in cycles: selection (1, at R > 1), product (1, more for operands wider than a DSP
slice), adder tree (1 per level), accumulation (R, at R > 1), cast and activation (1). A family's
`Pipeline` adds to selection (of more than 32 values here) and product, and where products, or
sums before they are cast, are rounded or saturate.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.fixed_point import FixedType, Raw, Tensor, limit, rescale
from backends.modelgraph.rtl.modules.product import Shape, product
from backends.modelgraph.rtl.modules.trees import levels, tree_sum
from backends.modelgraph.rtl.number import Number, element, pack, resized
from backends.modelgraph.rtl.path import Path
from backends.modelgraph.rtl.pipeline import DSP48E1, Pipeline
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder, constant, signed_bits


@dataclass(frozen=True)
class RowTypes:
    """Types of sums and outputs; see `DenseSpec`."""

    accum: FixedType
    result: FixedType
    relu: FixedType | None = None


def _term(path: Path, exact: Number, accum: FixedType) -> Number:
    """Return a product with the accumulator's fractional bits, ready to be added."""
    made = path.rounded(exact, accum.fractional, accum.rounding)
    return path.step(path.pipeline.delays.chain(accum.width), made)[0]


def _from_sum(code: VerilogBuilder, types: RowTypes, pipeline: Pipeline, *, biased: bool) -> Path:
    """Return the way from a sum to its output; at R = 1 the bias is added on it."""
    return Path(code, pipeline, pipeline.delays.chain(types.accum.width) if biased else 0.0)


def _converted(path: Path, total: str, types: RowTypes) -> Number:
    """Return a sum cast to the result type, after the ReLU if there is one."""
    bits = types.accum.width
    if not types.accum.signed:
        total, bits = path.code.wire(bits + 1, f"{{1'b0, {total}}}"), bits + 1
    result = path.cast(Number(total, bits, types.accum.fractional), types.result)
    return result if types.relu is None else path.relu(result, types.relu)


def _cast_cycles(
    shape: Shape, fractional: int, types: RowTypes, *, biased: bool
) -> tuple[int, int]:
    """Return the registers in the casts of products and of sums, for equal types all the same.

    Args:
        shape: of the products.
        fractional: fractional bits of the products.
        types: what they are cast to.
        biased: whether a bias is added to a sum on its way.
    """
    code = VerilogBuilder()
    product, total = (
        Path(code, shape.pipeline),
        _from_sum(code, types, shape.pipeline, biased=biased),
    )
    _term(product, Number("p", shape.x_bits + shape.w_bits, fractional), types.accum)
    _converted(total, "t", types)
    return product.cycles, total.cycles


@dataclass(frozen=True)
class DenseSpec:
    """Weights, types and reuse factor of one row.

    Args:
        weight: raw weights (n_in, n_out) with their fractional bits.
        bias: raw biases (n_out,) with theirs.
        given: type of the inputs.
        accum: type that products are cast to and added in. It must wrap or be wide enough
            (`may_overflow`), because the order of additions is not the firmware's.
        result: type that the sums are cast to.
        relu: type after a ReLU that is built in; None without one.
        reuse: reuse factor R.
        connected: which inputs an output reads, (n_in, n_out); None for all. An output of a
            depthwise convolution reads one channel: the others are no products, whereas a
            weight that happens to be zero is one.
        pipeline: where the family wants registers.
    """

    weight: Tensor
    bias: Tensor
    given: FixedType
    accum: FixedType
    result: FixedType
    relu: FixedType | None
    reuse: int
    connected: NDArray[np.bool_] | None = None
    pipeline: Pipeline = DSP48E1

    @property
    def reads(self) -> NDArray[np.bool_]:
        """Which inputs an output reads, (n_in, n_out)."""
        everything = np.ones(self.weight.raw.shape, dtype=np.bool_)
        return everything if self.connected is None else self.connected

    @property
    def schedule(self) -> "Schedule":
        """The products by multiplier and phase."""
        return schedule(np.asarray(self.weight.raw, dtype=np.int64), self.reads, self.reuse)

    @property
    def ends(self) -> "RowTypes":
        """Types between products and outputs."""
        return RowTypes(self.accum, self.result, self.relu)

    @property
    def may_overflow(self) -> bool:
        """Whether some input can drive an accumulator out of its range (worst-case bound)."""
        weights = np.abs(np.asarray(self.weight.raw, dtype=object))
        largest = max(-self.given.low, self.given.high) * weights.sum(axis=0)
        scale = self.weight.fractional + self.given.fractional
        reach = max(float(value) for value in largest) * 2.0**-scale
        reach += float(np.abs(self.bias.values).max(initial=0.0))
        reach += (
            int(self.reads.sum(axis=0).max()) + 1
        ) * 2.0**-self.accum.fractional  # rounding of every term
        # a partial sum below zero leaves the range of an unsigned type, wherever the sum ends
        return not self.accum.signed or reach >= self.accum.high * 2.0**-self.accum.fractional


@dataclass(frozen=True)
class _Slot:
    """Product that a multiplier computes in one phase.

    Args:
        source: number of the input.
        output: number of the output; None where the multiplier is idle.
        weight: raw weight.
    """

    source: int
    output: int | None
    weight: int


Schedule = list[list[_Slot]]
"""Slots by multiplier, then by phase."""


def schedule(weight: NDArray[np.int64], reads: NDArray[np.bool_], reuse: int) -> Schedule:
    """Assign products to multipliers; leave out multipliers that have zero weights only.

    If that takes no more multipliers, none computes parts of two outputs: their products then
    need no gating (`DenseGenerator`).

    Args:
        weight: raw weights (n_in, n_out).
        reads: which inputs an output reads, as many for every output; (n_in, n_out).
        reuse: reuse factor, the number of phases.
    """
    outputs = [
        [_Slot(int(i), o, int(weight[i, o])) for i in np.flatnonzero(reads[:, o])]
        for o in range(weight.shape[1])
    ]
    products = [slot for output in outputs for slot in output]
    rows = _aligned(outputs, reuse)
    if len(rows) > -(-len(products) // reuse):
        rows = _chunks(products, reuse)
    idle = [_Slot(0, None, 0)] * reuse
    return [[*row, *idle[len(row) :]] for row in rows if any(slot.weight for slot in row)]


def _aligned(outputs: Schedule, reuse: int) -> Schedule:
    """Assign products so that no multiplier computes parts of two outputs.

    With reuse of n_in or more a multiplier takes several whole outputs, else an output takes
    several multipliers.
    """
    together = reuse // len(outputs[0])
    if together == 0:
        return [row for output in outputs for row in _chunks(output, reuse)]
    groups = _chunks(list(range(len(outputs))), together)
    return [[slot for o in group for slot in outputs[o]] for group in groups]


def row_cycles(weight: Tensor, given: FixedType, reuse: int, types: RowTypes) -> int:
    """Return the latency of a row's module, without building it, with the registers of `DSP48E1`.

    Args:
        weight: weights that an output reads, (terms of an output, n_out).
        given: type of the inputs.
        reuse: reuse factor.
        types: of sums and outputs; there is a bias.
    """
    x_bits, raw = given.width if given.signed else given.width + 1, weight.raw
    w_bits = signed_bits(int(raw.min(initial=0)), int(raw.max(initial=0)))
    shape, fractional = Shape(x_bits, w_bits), given.fractional + weight.fractional
    casts = sum(_cast_cycles(shape, fractional, types, biased=reuse == 1))
    before = shape.cycles + levels(most_terms(raw, reuse)) + casts
    selection = len(_steps(reuse, DSP48E1.choices))
    return before + 1 + (selection + reuse if reuse > 1 else 0)


def most_terms(weight: NDArray[np.int64], reuse: int) -> int:
    """Return the multipliers of the output that needs most, as `schedule` assigns them.

    Args:
        weight: raw weights that an output reads, (terms of an output, n_out).
        reuse: reuse factor.
    """
    n_terms, n_out = weight.shape
    output, term = np.indices((n_out, n_terms))
    each, together = -(-n_terms // reuse), reuse // n_terms
    multiplier = output // together if together else output * each + term // reuse
    if int(multiplier[-1, -1]) + 1 > -(-n_terms * n_out // reuse):
        multiplier = (output * n_terms + term) // reuse
    used = np.where(weight.T != 0, multiplier, -1)
    seen = np.maximum.accumulate(used, axis=1)
    return int((np.diff(seen, axis=1, prepend=-1) > 0).sum(axis=1).max(initial=0))


def _chunks(items: list[Any], size: int) -> list[list[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def dense(spec: DenseSpec) -> Module:
    """Return the module of one row: `x` (n_in numbers) → `y` (n_out numbers)."""
    return DenseGenerator(spec).module()


class DenseGenerator:
    """Generator of the Verilog module of one row of a dense layer."""

    def __init__(self, spec: DenseSpec) -> None:
        self.spec = spec
        self.code = VerilogBuilder()
        weight = np.asarray(spec.weight.raw, dtype=np.int64)
        self.n_in, self.n_out = weight.shape
        self.schedule = spec.schedule
        # unsigned numbers have a sign bit in the circuit (see `rtl.number`)
        x_bits = spec.given.width if spec.given.signed else spec.given.width + 1
        self.shape = Shape(x_bits, signed_bits(*weight.ravel().tolist()), spec.pipeline)
        self.phase_bits = (spec.reuse - 1).bit_length()
        self.steps = _steps(spec.reuse, spec.pipeline.choices)
        self.choice = len(self.steps)
        terms = [len(self._terms_of(output)) for output in range(self.n_out)]
        self.depth = levels(max(terms))  # one for all outputs, so that all are ready together
        rounding, self.converting = _cast_cycles(
            self.shape, spec.given.fractional + spec.weight.fractional, spec.ends,
            biased=spec.reuse == 1 and any(_bias(spec)),
        )  # fmt: skip
        self.until_product = self.choice + self.shape.cycles + rounding
        self.before_sum = self.until_product + self.depth

    @property
    def latency(self) -> int:
        """Cycles from valid inputs to valid outputs."""
        summed = self.before_sum + (self.spec.reuse if self.spec.reuse > 1 else 0)
        return summed + self.converting + 1

    def module(self) -> Module:
        """Return the module with its ports and latency.

        Enables, at R > 1: `load` when the first sums reach the accumulators, `done` R cycles
        later, when the last have been added.
        """
        products = self._products()
        if self._whole_outputs:
            numbers = self._shared(products)
        else:
            sums = [self._sum(products, output) for output in range(self.n_out)]
            numbers = [self._finished(name, output) for output, name in enumerate(sums)]
        result = self.spec.relu or self.spec.result
        reuse = self.spec.reuse
        enables = {"load": self.before_sum, "done": self.latency - 1} if reuse > 1 else {}
        if self._whole_outputs:  # shared accumulators restart by the phase
            del enables["load"]
        bits = result.width * self.n_out
        packed = self.code.wire(bits, pack(numbers, result), "packed")
        y = self.code.register(bits, packed, "y", "done" if reuse > 1 else "")
        inputs = [Port("x", self.spec.given.width * self.n_in)]
        return self.code.module("dense", inputs, (bits, y), self.latency, enables, self.phase_bits)

    def _terms_of(self, output: int) -> list[int]:
        """Return the multipliers that compute a product of an output in some phase."""
        return [
            number
            for number, slots in enumerate(self.schedule)
            if any(slot.output == output and slot.weight for slot in slots)
        ]

    def _products(self) -> list[Number]:
        """Return the products of all multipliers, rounded to the accumulator's fractional bits."""
        spec, code = self.spec, self.code
        x = [element(code, "x", i, spec.given) for i in range(self.n_in)]
        self.phases = self._phases()
        chosen: dict[tuple[int, ...], str] = {}
        found = []
        for slots in self.schedule:
            order = tuple(slot.source for slot in slots)
            if order not in chosen:
                chosen[order] = self._choice([x[i].name for i in order], self.shape.x_bits)
            weights = [constant(slot.weight, self.shape.w_bits) for slot in slots]
            weight = self._case(weights, self.shape.w_bits, self.phases[-1])
            exact = product(code, chosen[order], weight, self.shape)
            bits = self.shape.x_bits + self.shape.w_bits
            number = Number(exact, bits, spec.given.fractional + spec.weight.fractional)
            found.append(_term(Path(code, spec.pipeline), number, spec.accum))
        return found

    def _phases(self) -> list[str]:
        """Return the phase as every step of a multiplexer sees it."""
        found = ["phase"]
        for _ in self.steps[1:]:
            name = self.code.name("phase")  # not signed: a case compares it with numbers
            self.code.lines.append(f"reg [{self.phase_bits - 1}:0] {name};")
            self.code.lines.append(f"always @(posedge clk) {name} <= {found[-1]};")
            found.append(name)
        return found

    def _choice(self, values: list[str], bits: int) -> str:
        """Return the value of the current phase, `self.choice` cycles later.

        In steps: each chooses among values that differ in its bits of the phase.
        """
        if len(values) == 1:
            return self.code.wire(bits, values[0])
        for phase, low, high in zip(self.phases, self.steps, [*self.steps[1:], self.phase_bits],
                                    strict=True):  # fmt: skip
            size = 2 ** (high - low)
            part = phase if high - low == self.phase_bits else f"{phase}[{high - 1}:{low}]"
            values = [self._case(group, bits, part) for group in _chunks(values, size)]
        (value,) = values
        return value

    def _case(self, values: list[str], bits: int, phase: str) -> str:
        """Return one of some values, a cycle later; a value without a phase as it is.

        The last value is the default of the case statement: without a default the register would
        have to keep its value in unused phases, which takes logic.
        """
        if self.spec.reuse == 1:
            return self.code.wire(bits, values[0])
        if len(set(values)) == 1:
            return self.code.register(bits, values[0], "c")
        name = self.code.name("c")
        cases = " ".join(f"{i}: {name} <= {value};" for i, value in enumerate(values[:-1]))
        self.code.lines.append(f"reg signed [{bits - 1}:0] {name};")
        self.code.lines.append(
            f"always @(posedge clk) case ({phase}) {cases} default: {name} <= {values[-1]}; endcase"
        )
        return name

    def _sum(self, products: list[Number], output: int) -> str:
        """Return the sum of an output's products in one phase; accumulators add these at R > 1."""
        bits = self.spec.accum.width
        terms = []
        for number in self._terms_of(output):
            term = resized(self.code, products[number], bits).name
            terms.append(self._gated(term, number, output))
        if not terms:
            return self.code.wire(bits, constant(0, bits))
        return tree_sum(self.code, terms, bits, self.depth)

    def _gated(self, term: str, number: int, output: int) -> str:
        """Return a term that is zero in the phases in which its multiplier has another output."""
        phases = [p for p, slot in enumerate(self.schedule[number]) if slot.output == output]
        others = {p for p, slot in enumerate(self.schedule[number]) if slot.weight} - set(phases)
        if not others:
            return term
        bits = self.spec.accum.width
        mine = " | ".join(f"(phase == {self.phase_bits}'d{p})" for p in phases)
        at_product = self.code.delayed(1, mine, self.until_product)
        return self.code.wire(bits, f"{at_product} ? {term} : {constant(0, bits)}", "g")

    def _finished(self, total: str, output: int) -> Number:
        """Return an output: accumulated from the bias on, cast, and activated."""
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
        return self._output(name)

    def _output(self, total: str) -> Number:
        """Return an output from its sum."""
        biased = self.spec.reuse == 1 and any(_bias(self.spec))
        path = _from_sum(self.code, self.spec.ends, self.shape.pipeline, biased=biased)
        return _converted(path, total, self.spec.ends)

    @property
    def _whole_outputs(self) -> bool:
        """Whether multipliers compute whole outputs, one after the other."""
        alone = all(len(self._terms_of(output)) <= 1 for output in range(self.n_out))
        return alone and self.spec.reuse > int(self.spec.reads[:, 0].sum())

    def _shared(self, products: list[Number]) -> list[Number]:
        """Return the outputs, those of one multiplier from one accumulator.

        Outputs that are complete before the last phase are kept in registers. The phase is
        delayed like the sums: `early` belongs to the term that reaches the accumulator a cycle
        later, `after` to the converted sum.
        """
        code, bits = self.code, self.spec.accum.width
        early = code.delayed(self.phase_bits, "phase", self.before_sum - 1)
        after = code.delayed(self.phase_bits, early, 2 + self.converting)
        bias = _bias(self.spec)
        # what is never accumulated (zero weights only) is the bias
        found = [self._output(code.wire(bits, constant(bias[o], bits))) for o in range(self.n_out)]
        for number, slots in enumerate(self.schedule):
            outputs = dict.fromkeys(slot.output for slot in slots if slot.output is not None)
            phases = {o: [p for p, s in enumerate(slots) if s.output == o] for o in outputs}
            begins, first = self._starts(early, [phases[o][0] for o in outputs], slots, bias)
            term = resized(code, products[number], bits).name
            total = code.name("acc")
            code.lines.append(f"reg signed [{bits - 1}:0] {total};")
            start = f"({begins} ? {first} : {total})"
            code.lines.append(f"always @(posedge clk) {total} <= {start} + {term};")
            result = self._output(total)
            for output in outputs:
                found[output] = self._kept(result, after, phases[output][-1])
        return found

    def _starts(
        self, early: str, first: list[int], slots: list[_Slot], bias: list[int]
    ) -> tuple[str, str]:
        """Return whether an accumulator begins with another output, and that output's bias.

        Both are registered, so that they are not in the way of the addition.

        Args:
            early: phase of the term that reaches the accumulator a cycle later.
            first: first phase of every output of its multiplier.
            slots: of the multiplier.
            bias: raw biases of all outputs.
        """
        begins = " | ".join(f"({early} == {self.phase_bits}'d{phase})" for phase in first)
        bits = self.spec.accum.width
        values = [constant(0 if s.output is None else bias[s.output], bits) for s in slots]
        phase = f"$unsigned({early})"  # a case compares it with numbers
        return self.code.register(1, begins, "begins"), self._case(values, bits, phase)

    def _kept(self, result: Number, after: str, phase: int) -> Number:
        """Return a result; stored in a register if it is complete before the last phase."""
        if phase == self.spec.reuse - 1:
            return result
        enable = f"{after} == {self.phase_bits}'d{phase}"
        name = self.code.register(result.bits, result.name, "k", enable)
        return Number(name, result.bits, result.fractional)


def _steps(reuse: int, choices: int) -> list[int]:
    """Return the lowest bit of the phase that each step of a multiplexer reads; none at R = 1.

    Args:
        reuse: reuse factor, and number of values.
        choices: most values between registers; 0 for any number.
    """
    if reuse == 1:
        return []
    each = (choices - 1).bit_length() if choices else reuse
    return list(range(0, (reuse - 1).bit_length(), each))


def _bias(spec: DenseSpec) -> list[int]:
    """Return raw biases in the accumulator's type."""
    raw: Raw = limit(rescale(spec.bias, spec.accum.fractional, spec.accum.rounding), spec.accum)
    return [int(value) for value in raw]


def multipliers(spec: DenseSpec) -> int:
    """Return the number of multipliers of one row."""
    return len(spec.schedule)


def slots(spec: DenseSpec) -> Iterator[list[tuple[int, int | None, int]]]:
    """Yield the schedule by multiplier as tuples (input, output, weight), for tests and reports."""
    for row in spec.schedule:
        yield [(slot.source, slot.output, slot.weight) for slot in row]
