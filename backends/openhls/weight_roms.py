"""Weights that a phase selects, written as the look-up tables that they become.

Of a case statement over constants Yosys makes comparisons and multiplexers for every bit, which
all later passes go through until abc finds the one look-up table that a column of bits is. Here
the columns are found at once: equal ones are one table, and constant ones are none.

The register of a weight moves into its DSP slice only as a whole, before any of its bits is found
to be constant: so constant bits come from cells that `CONSTANTS` replaces afterwards.
"""

import re
from collections.abc import Iterator, Sequence

_MOST_INPUTS = 6
"""Inputs of the widest look-up table of a 7-series part."""

_SIZES = re.compile(r"\b(?:wire|reg) \[(\d+):0\] (\w+)")  # signed ones select otherwise
_CASE = re.compile(
    r"reg signed \[\d+:0\] (\w+);\s+always @\(posedge clk\) case \((\w+)\) "
    r"((?:\d+: \1 <= \d+'sh[0-9a-f]+; )+)default: \1 <= (\d+)'sh([0-9a-f]+); endcase"
)
_ENTRY = re.compile(r"(\d+): \w+ <= \d+'sh([0-9a-f]+);")

_BIT = "weight_bit_{}"
_DECLARED = "".join(f"(* blackbox *) module {_BIT.format(b)} (output Y); endmodule\n" for b in "01")

CONSTANTS = "".join(
    f'(* techmap_celltype = "{_BIT.format(b)}" *) module is_{b} (output Y); '
    f"assign Y = 1'b{b}; endmodule\n"
    for b in "01"
)
"""Techmap that replaces the cells of constant bits, for after registers are in DSP slices."""


def weights_in_cells(text: str) -> str:
    """Return the Verilog of a module with its selected constants in cells LUT1 … LUT6.

    Args:
        text: text whose case statements `rtl.modules.dense` wrote. One with another selector
            than an unsigned wire of up to six bits stays as it is, and so does all else.
    """
    sizes = {name: int(high) + 1 for high, name in _SIZES.findall(text)}
    known: dict[tuple[str, int], str] = {}

    def written(found: re.Match[str]) -> str:
        name, selector, entries, bits, last = found.groups()
        inputs = sizes.get(selector, _MOST_INPUTS + 1)
        if inputs > _MOST_INPUTS:
            return found[0]
        values = [int(last, 16)] * (1 << inputs)
        for index, value in _ENTRY.findall(entries):
            values[int(index)] = int(value, 16)
        columns = [(selector, column) for column in _columns(values, int(bits))]
        new = dict.fromkeys(column for column in columns if column not in known)
        lines = []
        for column in new:
            known[column] = f"column{len(known)}"
            lines += _driver(known[column], *column, inputs)
        joined = ", ".join(known[column] for column in reversed(columns))
        lines.append(f"reg signed [{len(columns) - 1}:0] {name};")
        lines.append(f"always @(posedge clk) {name} <= {{{joined}}};")
        return "\n  ".join(lines)

    made = _CASE.sub(written, text)
    return made + _DECLARED if known else made


def _columns(values: Sequence[int], bits: int) -> Iterator[int]:
    """Yield for every bit of some values, the lowest first, which of the values have it set."""
    for bit in range(bits):
        yield sum(((value >> bit) & 1) << place for place, value in enumerate(values))


def _driver(name: str, selector: str, contents: int, inputs: int) -> list[str]:
    """Return the lines of a wire and of the cell that drives it: a table, or a constant."""
    size = 1 << inputs
    if contents in (0, (1 << size) - 1):
        cell, ports = _BIT.format(int(contents > 0)), ""
    else:
        cell = f"LUT{inputs} #(.INIT({size}'h{contents:x}))"
        ports = "".join(f", .I{i}({selector}[{i}])" for i in range(inputs))
    output = "Y" if not ports else "O"
    return [f"wire {name};", f"{cell} {name}_cell (.{output}({name}){ports});"]
