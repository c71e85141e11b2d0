"""Weights that a phase selects, written as the look-up tables that they become.

Of a case statement over constants Yosys makes comparisons and multiplexers for every bit, which
all later passes go through until abc finds the one look-up table that a column of bits is. Here
the columns are found at once: equal ones are one table, and constant ones are none.
"""

import re
from collections.abc import Sequence

_MOST_INPUTS = 6
"""Inputs of the widest look-up table of a 7-series part."""

_SIZES = re.compile(r"\b(?:wire|reg)(?: signed)? \[(\d+):0\] (\w+)")
_CASE = re.compile(
    r"reg signed \[\d+:0\] (\w+);\s+always @\(posedge clk\) case \((\w+)\) "
    r"((?:\d+: \1 <= \d+'sh[0-9a-f]+; )+)default: \1 <= (\d+)'sh([0-9a-f]+); endcase"
)
_ENTRY = re.compile(r"(\d+): \w+ <= \d+'sh([0-9a-f]+);")


def weights_in_cells(text: str) -> str:
    """Return the Verilog of a module with its selected constants in cells LUT1 … LUT6.

    Args:
        text: text whose case statements `rtl.modules.dense` wrote. One with another selector
            than a wire of up to six bits stays as it is, and so does all else.
    """
    sizes = {name: int(high) + 1 for high, name in _SIZES.findall(text)}
    tables: dict[tuple[str, int], str] = {}

    def written(found: re.Match[str]) -> str:
        name, selector, entries, bits, last = found.groups()
        inputs = sizes.get(selector, _MOST_INPUTS + 1)
        if inputs > _MOST_INPUTS:
            return found[0]
        values = [int(last, 16)] * (1 << inputs)
        for index, value in _ENTRY.findall(entries):
            values[int(index)] = int(value, 16)
        lines, columns = [], []
        for column in _columns(values, int(bits)):
            key = selector, column
            if column not in (0, _all_ones(inputs)) and key not in tables:
                tables[key] = f"{selector}_table{len(tables)}"
                lines += _table(tables[key], selector, inputs, column)
            columns.append(tables.get(key, "1'b1" if column else "1'b0"))
        joined = ", ".join(reversed(columns))
        lines.append(f"reg signed [{len(columns) - 1}:0] {name};")
        lines.append(f"always @(posedge clk) {name} <= {{{joined}}};")
        return "\n  ".join(lines)

    return _CASE.sub(written, text)


def _columns(values: Sequence[int], bits: int) -> list[int]:
    """Return for every bit of some values, the lowest first, which of the values have it set."""
    return [
        sum(((value >> bit) & 1) << place for place, value in enumerate(values))
        for bit in range(bits)
    ]


def _all_ones(inputs: int) -> int:
    """Return the contents of a table that is 1 for all its inputs."""
    return (1 << (1 << inputs)) - 1


def _table(name: str, selector: str, inputs: int, contents: int) -> list[str]:
    """Return the lines of a look-up table that reads all bits of a selector."""
    ports = ", ".join(f".I{i}({selector}[{i}])" for i in range(inputs))
    cell = f"LUT{inputs} #(.INIT({1 << inputs}'h{contents:x}))"
    return [f"wire {name};", f"{cell} {name}_cell (.O({name}), {ports});"]
