"""Module for one row of a dense layer in distributed arithmetic: additions only.

`backends.modelgraph.adder_graph` has the graph. Every addition has a register behind it, as in
the adder trees of the other strategies, and a value that is read later waits in registers.
Widths follow from the exact range of each value. Where one term of an addition has bits below
the other's last one, they pass by the adder.

Latency in cycles: one for each level of the graph, and one for bias, cast and activation.
"""

from dataclasses import dataclass

from backends.modelgraph.adder_graph import AdderGraph, Addition, Term, adder_graph
from backends.modelgraph.fixed_point import FixedType, Tensor
from backends.modelgraph.rtl.exact import Constant, known
from backends.modelgraph.rtl.number import Number, element, pack, resized
from backends.modelgraph.rtl.path import Path, together
from backends.modelgraph.rtl.pipeline import DSP48E1, Pipeline
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder, signed_bits


@dataclass(frozen=True)
class DistributedSpec:
    """Weights and types of one row.

    Args:
        weight: raw weights (n_in, n_out) with their fractional bits.
        bias: raw biases (n_out,) with theirs.
        given: type of the inputs.
        result: type that the sums are cast to.
        relu: type after a ReLU that is built in; None without one.
        pipeline: where the family wants registers.
    """

    weight: Tensor
    bias: Tensor
    given: FixedType
    result: FixedType
    relu: FixedType | None
    pipeline: Pipeline = DSP48E1

    @property
    def graph(self) -> AdderGraph:
        """The additions; see `adder_graph` for what it raises."""
        return adder_graph(self.weight.raw, self.given)


@dataclass(frozen=True)
class _Value:
    """A number of the circuit with the range that it really has, in its last bits."""

    number: Number
    low: int
    high: int

    def shifted(self, term: Term) -> "_Value":
        """Return the value times a term's power of two, which takes no logic."""
        number = self.number
        moved = Number(number.name, number.bits, number.fractional - term.shift)
        return _Value(moved, self.low, self.high)

    def limits(self, fractional: int) -> tuple[int, int]:
        """Return the range in units of other last bits."""
        more = fractional - self.number.fractional
        return self.low << more, self.high << more


def distributed(spec: DistributedSpec) -> Module:
    """Return the module of one row: `x` (n_in numbers) → `y` (n_out numbers)."""
    return _Generator(spec).module()


class _Generator:
    """Generator of the Verilog module."""

    def __init__(self, spec: DistributedSpec) -> None:
        self.spec, self.graph, self.code = spec, spec.graph, VerilogBuilder()
        self.values: dict[tuple[int, int], _Value] = {}
        """By node, and by level: the cycle from which on it is there."""

    def module(self) -> Module:
        """Return the module with its ports and latency."""
        spec, code = self.spec, self.code
        n_in, n_out = spec.weight.raw.shape
        for i in range(n_in):
            number = element(code, "x", i, spec.given)
            self.values[i, 0] = _Value(number, spec.given.low, spec.given.high)
        for place, addition in enumerate(self.graph.additions):
            self.values[n_in + place, addition.level] = self._added(addition)
        numbers, cycles = together(code, [self._finished(output) for output in range(n_out)])
        to = spec.relu or spec.result
        packed = code.wire(to.width * n_out, pack(numbers, to), "packed")
        y = code.register(to.width * n_out, packed, "y")
        inputs = [Port("x", spec.given.width * n_in)]
        latency = self.graph.depth + cycles + 1
        return code.module("distributed", inputs, (to.width * n_out, y), latency)

    def _at(self, term: Term, level: int) -> _Value:
        """Return the value of a term in the cycle of a level."""
        return self._node_at(term.node, level).shifted(term)

    def _node_at(self, node: int, level: int) -> _Value:
        if (node, level) not in self.values:
            before = self._node_at(node, level - 1)
            number = before.number
            name = self.code.register(number.bits, number.name, "w")
            waited = Number(name, number.bits, number.fractional)
            self.values[node, level] = _Value(waited, before.low, before.high)
        return self.values[node, level]

    def _added(self, addition: Addition) -> _Value:
        """Return a sum, registered."""
        left = self._at(addition.left, addition.level - 1)
        right = self._at(addition.right, addition.level - 1)
        subtract = addition.right.negative
        fractional = max(left.number.fractional, right.number.fractional)
        (a, b), (c, d) = left.limits(fractional), right.limits(fractional)
        low, high = (a - d, b - c) if subtract else (a + c, b + d)
        bits = signed_bits(low, high)
        name = self._sum(left.number, right.number, bits, subtract=subtract)
        return _Value(Number(name, bits, fractional), low, high)

    def _sum(self, left: Number, right: Number, bits: int, *, subtract: bool) -> str:
        """Return the registered sum or difference of two numbers, `bits` wide.

        The last bits of the finer term are those of the result, except where it is subtracted.
        """
        sign, below = ("-" if subtract else "+"), left.fractional - right.fractional
        if below < 0 and subtract:
            zeros = self.code.wire(left.bits - below, f"{{{left.name}, {-below}'d0}}")
            return self.code.register(bits, f"{zeros} - {right.name}", "s")
        if below == 0:
            return self.code.register(bits, f"{left.name} {sign} {right.name}", "s")
        fine, coarse = (left, right) if below > 0 else (right, left)
        return self._joined(fine, coarse, bits, abs(below), sign)

    def _joined(self, fine: Number, coarse: Number, bits: int, below: int, sign: str) -> str:
        """Return ``fine ± coarse``, where the last `below` bits are those of `fine`."""
        code = self.code
        wide = resized(code, fine, max(fine.bits, below + 1))
        upper = code.wire(wide.bits - below, f"{wide.name}[{wide.bits - 1}:{below}]")
        if bits <= below:
            return code.register(bits, f"{wide.name}[{bits - 1}:0]", "s")
        total = code.register(bits - below, f"{upper} {sign} {coarse.name}", "s")
        rest = code.name("s")
        code.lines.append(f"reg [{below - 1}:0] {rest};")
        code.lines.append(f"always @(posedge clk) {rest} <= {wide.name}[{below - 1}:0];")
        return code.wire(bits, f"{{{total}, {rest}}}")

    def _finished(self, output: int) -> tuple[Path, Number]:
        """Return an output with its path: with its bias, cast, and activated."""
        spec, path = self.spec, Path(self.code, self.spec.pipeline)
        made = self._total(path, self.graph.outputs[output], int(spec.bias.raw[output]))
        result = path.cast(made, spec.result)
        return path, result if spec.relu is None else path.relu(result, spec.relu)

    def _total(self, path: Path, term: Term | None, bias: int) -> Number:
        """Return the sum of an output's term and its bias."""
        start = known(self.code, Constant(bias, self.spec.bias.fractional))
        if term is None:
            return start
        product = self._at(term, self.graph.depth).number
        product = Number(
            product.name, product.bits, product.fractional + self.spec.weight.fractional
        )
        if not term.negative:
            return path.sum(product, start) if bias else product
        return path.sum(start, product, "-")
