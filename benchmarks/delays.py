"""Delays of small circuits after place and route: the table by which `open` places registers.

    python benchmarks/delays.py            # print the table
    python benchmarks/delays.py --write    # write backends/openhls/pnr/delays.csv

Every circuit has a clock of its own, so that one run of nextpnr times all circuits of a family and
speed grade. What a primitive takes follows from circuits of two sizes.
"""

import argparse
import csv
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from backends.openhls.pnr.families import named_target
from backends.openhls.pnr.family import Target
from backends.openhls.pnr.route import LOG, Routed, route
from backends.openhls.pnr.synthesis import map_to
from backends.openhls.pnr.timing import TABLE, Row

PARTS = (
    *(f"LFE5U-25F-{speed}BG381C" for speed in (6, 7, 8)),
    *(f"LIFCL-40-{speed}BG400C" for speed in (7, 8, 9)),
    "GW1NR-LV9QN88PC6/I5", "GW2AR-LV18QN88C8/I7", "GW5A-LV25MG121NC1/I0",
)  # fmt: skip
SEEDS = (1, 2, 3)


def tables(count: int) -> str:
    """Look-up tables one behind the other, which cannot be merged: each reads new registers."""
    steps = [
        f"wire v{i + 1} = ((v{i} ^ s[{3 * i}]) & s[{3 * i + 1}]) | s[{3 * i + 2}];"
        for i in range(count)
    ]
    return (
        f"reg [{3 * count}:0] s; always @(posedge clk) s <= {{s[{3 * count - 1}:0], x}};"
        f"wire v0 = s[{3 * count}]; {' '.join(steps)}"
        f"reg r; always @(posedge clk) r <= v{count}; assign y = r;"
    )


def sums(bits: int) -> str:
    """A registered sum."""
    return (
        f"reg [{2 * bits - 1}:0] s; always @(posedge clk) s <= {{s[{2 * bits - 2}:0], x}};"
        f"wire [{bits - 1}:0] a = s[{bits - 1}:0], b = s[{2 * bits - 1}:{bits}];"
        f"reg [{bits - 1}:0] r; always @(posedge clk) r <= a + b;"
        f"{_read(bits)}"
    )


def multiplier() -> str:
    """A product of 18 bits between look-up tables, so that its block takes no registers in."""
    return (
        "reg [35:0] s; reg t; always @(posedge clk) begin s <= {s[34:0], x}; t <= s[7]; end"
        "\nreg signed [17:0] a, b; always @(posedge clk) begin a <= s[17:0]; b <= s[35:18]; end"
        "\nwire signed [17:0] c = a ^ {18{t}}, d = b ^ {18{t}};"
        f"\nreg [35:0] r; always @(posedge clk) r <= (c * d) ^ {{36{{t}}}};{_read(36)}"
    )


def memory() -> str:
    """A table of 1024 entries in block RAM, with a look-up table behind its read."""
    entries = " ".join(f"m[{i}] = 16'd{(i * 40503) % 65536};" for i in range(1024))
    return (
        "reg [9:0] s; reg t; always @(posedge clk) begin s <= {s[8:0], x}; t <= s[3]; end"
        f"\nreg [15:0] m [0:1023]; initial begin {entries} end"
        "\nreg [15:0] q, r; always @(posedge clk) begin q <= m[s]; r <= q ^ {16{t}}; end"
        f"{_read(16)}"
    )


def _read(bits: int) -> str:
    """A shift register that keeps all bits of a result in the circuit."""
    return (
        f"\nreg [{bits - 1}:0] o; always @(posedge clk) o <= x ? r : {{o[{bits - 2}:0], x}};"
        f"\nassign y = o[{bits - 1}];"
    )


FEW, MANY = 2, 8
NARROW, WIDE = 8, 40
CIRCUITS = {
    "tables_few": tables(FEW), "tables_many": tables(MANY),
    "sum_narrow": sums(NARROW), "sum_wide": sums(WIDE),
}  # fmt: skip
WITH_BLOCKS = {"multiplier": multiplier()}
WITH_MEMORY = {"memory": memory()}


def circuits_of(target: Target) -> dict[str, str]:
    """Return the circuits of a family; without those of blocks that its flow does not use."""
    blocks = WITH_BLOCKS if target.family.block else {}
    memories = WITH_MEMORY if "bram_18k" in target.family.bels else {}
    return {**CIRCUITS, **blocks, **memories}


def design(circuits: dict[str, str]) -> str:
    """Return Verilog of all circuits side by side, in the module `top`."""
    modules = [
        f"module {name} (input wire clk, input wire x, output wire y);\n{body}\nendmodule\n"
        for name, body in circuits.items()
    ]
    ports = [
        f"input wire clk_{name}, input wire x_{name}, output wire y_{name}" for name in circuits
    ]
    placed = [
        f"{name} u_{name} (.clk(clk_{name}), .x(x_{name}), .y(y_{name}));" for name in circuits
    ]
    return f"{''.join(modules)}module top ({', '.join(ports)});\n{' '.join(placed)}\nendmodule\n"


def periods(target: Target, circuits: dict[str, str], cache: Path) -> dict[str, float]:
    """Return the mean of the shortest periods of every circuit over the seeds, in ns."""
    mapped = map_to(target.family, design(circuits), "top", cache)
    clocks = [_clocks(route(mapped.netlist, target, 1.0, seed, cache)) for seed in SEEDS]
    found = {}
    for name in circuits:
        # where ports were taken away, their nets have numbers
        nets = f"clk_{name}", f"port_{mapped.ports[f'clk_{name}']['bits'][0]}"
        times = [1000 / mhz[net] for mhz in clocks for net in nets if net in mhz]
        found[name] = sum(times) / len(times)
    return found


def _clocks(run: Routed) -> dict[str, float]:
    """Return the clocks in MHz of a run, by net.

    nextpnr tells them after placement and after routing. For Gowin it loses some clocks that have
    no driver on the way: of these the first is taken.
    """
    log = (run.folder / LOG).read_text()
    told = re.findall(r"Max frequency for clock\s+'([^']+)': ([\d.]+) MHz", log)
    return {net: float(mhz) for net, mhz in told}


def row(target: Target, found: dict[str, float]) -> Row:
    """Return what the primitives take, from the periods of the circuits."""
    table = (found["tables_many"] - found["tables_few"]) / (MANY - FEW)
    carry = (found["sum_wide"] - found["sum_narrow"]) / (WIDE - NARROW)
    register = found["tables_few"] - FEW * table
    ns = {
        "register": register,
        "table": table,
        "chain": found["sum_narrow"] - register - NARROW * carry,
        "carry": carry,
        "multiplier": found.get("multiplier", 2 * table + register) - register - 2 * table,
        "memory": found.get("memory", table + register) - table - register,
    }
    return Row(
        target.family.name, target.speed, **{k: round(max(v, 0.0), 3) for k, v in ns.items()}
    )


def rows(parts: Sequence[str], cache: Path) -> Iterator[Row]:
    """Yield the table."""
    for part in parts:
        target = named_target(part)
        yield row(target, periods(target, circuits_of(target), cache))


def main() -> None:
    """Print the table, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {TABLE}")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "delays")
    parser.add_argument("parts", nargs="*", help="ordering codes; one of each grade by default")
    options = parser.parse_args()
    with Path(TABLE).open("w", newline="") if options.write else sys.stdout as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(Row._fields)
        for one in rows(options.parts or PARTS, options.cache):
            table.writerow(one)
            file.flush()


if __name__ == "__main__":
    main()
