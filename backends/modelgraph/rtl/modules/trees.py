"""Registered trees of adders."""

from backends.modelgraph.rtl.verilog import VerilogBuilder, constant


def levels(terms: int) -> int:
    """Return the levels of an adder tree, which are also its cycles."""
    return max(terms - 1, 0).bit_length()


def tree_sum(code: VerilogBuilder, terms: list[str], bits: int, depth: int) -> str:
    """Return the sum of signed terms modulo 2**bits, exactly `depth` cycles later.

    Every adder has a register behind it: more than 5 ns need, but without them Yosys merges
    adders into carry-save trees, which take a third more look-up tables.

    Args:
        code: module to write to.
        terms: names of the terms, `bits` wide.
        bits: width of the sum.
        depth: cycles, at least `levels(len(terms))`; a single term is delayed for the rest.
    """
    for _ in range(depth):
        pairs = [terms[i : i + 2] for i in range(0, len(terms), 2)]
        terms = [code.register(bits, " + ".join(pair), "s") for pair in pairs]
    return terms[0] if terms else code.wire(bits, constant(0, bits))
