"""Multipliers that fit DSP slices: wide operands are cut into parts."""

from dataclasses import dataclass

from backends.modelgraph.rtl.modules.sums import levels, tree_sum
from backends.modelgraph.rtl.verilog import VerilogBuilder

DSP_BITS = (25, 18)
"""Signed operands of a DSP48E1; a DSP48E2 takes 27 x 18, which Yosys' xc7 does not use."""


@dataclass(frozen=True)
class Shape:
    """Operand widths of the multipliers of a layer.

    Args:
        x_bits: signed data.
        w_bits: signed weights.
    """

    x_bits: int
    w_bits: int

    @property
    def part_bits(self) -> tuple[int, int]:
        """Widths the operands are cut to: as gives fewer parts, else the wider to the wider."""
        wide, narrow = DSP_BITS
        ways = ((wide, narrow), (narrow, wide))
        if self.x_bits < self.w_bits:
            ways = ways[::-1]
        return min(ways, key=self._parts)

    def _parts(self, part_bits: tuple[int, int]) -> int:
        x_part, w_part = part_bits
        return len(_cuts(self.x_bits, x_part)) * len(_cuts(self.w_bits, w_part))

    @property
    def parts(self) -> int:
        """Partial products."""
        return self._parts(self.part_bits)

    @property
    def cycles(self) -> int:
        """One for the partial products, one for each level of adding them."""
        return 1 + levels(self.parts)


def _cuts(bits: int, part: int) -> list[tuple[int, int]]:
    """(lowest bit, bits) of the pieces of an operand; all but the last are unsigned."""
    if bits <= part:
        return [(0, bits)]
    pieces, low = [], 0
    while bits - low > part:
        pieces.append((low, part - 1))
        low += part - 1
    return [*pieces, (low, bits - low)]


def _piece(name: str, total: int, low: int, bits: int) -> str:
    """One piece as a signed expression; the top piece carries the sign."""
    if low + bits == total:
        return f"$signed({name}[{total - 1}:{low}])"
    return f"$signed({{1'b0, {name}[{low + bits - 1}:{low}]}})"


def product(code: VerilogBuilder, x: str, w: str, shape: Shape) -> str:
    """X * w, exact, `shape.cycles` later; the wider operand first, as Yosys likes it."""
    bits = shape.x_bits + shape.w_bits
    if shape.parts == 1:
        first, second = (x, w) if shape.x_bits >= shape.w_bits else (w, x)
        return code.register(bits, f"{first} * {second}", "p")
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
    return tree_sum(code, terms, bits, levels(len(terms)))
