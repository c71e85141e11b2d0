"""Multipliers that fit DSP slices: wide operands are cut into pieces."""

from dataclasses import dataclass

from backends.modelgraph.rtl.modules.trees import levels, tree_sum
from backends.modelgraph.rtl.pipeline import DSP48E1, Pipeline
from backends.modelgraph.rtl.verilog import VerilogBuilder


@dataclass(frozen=True)
class Shape:
    """Operand widths of the multipliers of a layer, and how wide operands are cut.

    Args:
        x_bits: bits of the data, signed.
        w_bits: bits of the weights, signed.
        pipeline: widths and registers of the family's multipliers.
    """

    x_bits: int
    w_bits: int
    pipeline: Pipeline = DSP48E1

    @property
    def part_bits(self) -> tuple[int, int]:
        """Widths that data and weights are cut to.

        Either may go to the wide port of a slice: the way with fewer partial products is taken,
        else the wider operand goes to the wider port.
        """
        wide, narrow = self.pipeline.multiplier
        ways = ((wide, narrow), (narrow, wide))
        if self.x_bits < self.w_bits:
            ways = ways[::-1]  # min() takes the first of equals
        return min(ways, key=self._parts)

    def _parts(self, part_bits: tuple[int, int]) -> int:
        """Return the number of partial products of operands cut to these widths."""
        x_part, w_part = part_bits
        return len(_cuts(self.x_bits, x_part)) * len(_cuts(self.w_bits, w_part))

    @property
    def parts(self) -> int:
        """Number of partial products."""
        return self._parts(self.part_bits)

    @property
    def cycles(self) -> int:
        """Latency: 1 for the partial products, 1 for each level of the tree that adds them.

        Registers of the operands, and further ones behind the product, take a cycle each.
        """
        return levels(self.parts) + self.pipeline.cycles


def _cuts(bits: int, part: int) -> list[tuple[int, int]]:
    """Return (lowest bit, bits) of the pieces of an operand.

    All but the highest are unsigned, and so one bit shorter than the port: its top bit must be
    a sign bit of zero.
    """
    if bits <= part:
        return [(0, bits)]
    pieces, low = [], 0
    while bits - low > part:
        pieces.append((low, part - 1))
        low += part - 1
    return [*pieces, (low, bits - low)]


def _piece(name: str, total: int, low: int, bits: int) -> str:
    """Return one piece as a signed expression; the highest piece has the operand's sign."""
    if low + bits == total:
        return f"$signed({name}[{total - 1}:{low}])"
    return f"$signed({{1'b0, {name}[{low + bits - 1}:{low}]}})"


def product(code: VerilogBuilder, x: str, w: str, shape: Shape) -> str:
    """Return the exact product of `x` and `w`, `shape.cycles` cycles later.

    The wider operand comes first: Yosys' minimum widths of DSP operands are for the first and
    the second operand as written.
    """
    bits, registers = shape.x_bits + shape.w_bits, shape.pipeline
    if registers.operands:
        x, w = code.register(shape.x_bits, x, "a"), code.register(shape.w_bits, w, "b")
    if shape.parts == 1:
        first, second = (x, w) if shape.x_bits >= shape.w_bits else (w, x)
        made = code.register(bits, f"{first} * {second}", "p")
        return code.delayed(bits, made, registers.products)
    x_part, w_part = shape.part_bits
    terms = []
    for x_low, x_piece in _cuts(shape.x_bits, x_part):
        for w_low, w_piece in _cuts(shape.w_bits, w_part):
            left = code.wire(x_piece + 1, _piece(x, shape.x_bits, x_low, x_piece))
            right = code.wire(w_piece + 1, _piece(w, shape.w_bits, w_low, w_piece))
            partial = code.register(x_piece + w_piece + 2, f"{left} * {right}", "p")
            shift = x_low + w_low
            wide = x_piece + w_piece + 2 + shift
            placed = code.wire(wide, f"{{{partial}, {shift}'d0}}" if shift else partial, "q")
            terms.append(code.wire(bits, placed, "q"))
    made = tree_sum(code, terms, bits, levels(len(terms)))
    return code.delayed(bits, made, registers.products)
