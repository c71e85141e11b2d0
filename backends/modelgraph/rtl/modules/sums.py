"""Registered adder trees, wrapping at a given width."""

from backends.modelgraph.rtl.verilog import VerilogBuilder, constant


def levels(terms: int) -> int:
    """Adder levels, each with a register, for this many terms."""
    return max(terms - 1, 0).bit_length()


def tree_sum(code: VerilogBuilder, terms: list[str], bits: int, depth: int) -> str:
    """Sum of signed terms modulo 2**bits after exactly `depth` cycles.

    Every adder has a register behind it. That is more registers than 5 ns need, but keeps
    Yosys from merging adders into carry-save trees, which costs a third more look-up tables
    than it saves.
    """
    for _ in range(depth):
        pairs = [terms[i : i + 2] for i in range(0, len(terms), 2)]
        terms = [code.register(bits, " + ".join(pair), "s") for pair in pairs]
    return terms[0] if terms else code.wire(bits, constant(0, bits))
