"""Casts in Verilog against the arithmetic, over all rounding and overflow modes."""

import itertools
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backends.modelgraph.fixed_point import FixedType, Tensor, cast
from backends.modelgraph.rtl.modules.elementwise import convert
from backends.openhls.verilator import MAKE, TRANSLATE

ROUNDING = ("TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV")
OVERFLOW = ("WRAP", "SAT", "SAT_ZERO", "SAT_SYM")
GIVEN = (
    FixedType(9, 3),
    FixedType(8, 2, signed=False),
    FixedType(7, 9),
    FixedType(6, 5, signed=False),
)
Targets = tuple[tuple[int, int, bool], ...]
TO: Targets = ((5, 2, True), (6, 3, False), (12, 4, True), (4, 4, True), (3, 6, True))


COUNT = 3
"""Numbers side by side: a simulator may be right in the lowest bits of a bus alone."""


def icarus(folder: Path) -> list[str]:
    subprocess.run(["iverilog", "-g2005", "-o", "bench", "bench.v"], cwd=folder, check=True)
    return ["vvp", "-n", "bench"]


def verilator(folder: Path) -> list[str]:
    """With the flags that circuits are simulated with."""
    (folder / "testbench.v").write_text((folder / "bench.v").read_text())
    translate = ["verilator", *(flag.replace("testbench", "bench") for flag in TRANSLATE)]
    make = [part.replace("testbench", "bench") for part in MAKE]
    for command in ([*translate, "bench.v"], make):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return ["simulation/Vbench"]


@pytest.mark.parametrize("rectify", [False, True])
@pytest.mark.parametrize(
    ("tool", "build", "targets"),
    [
        ("iverilog", icarus, TO),
        ("verilator", verilator, TO[:2]),
        pytest.param("verilator", verilator, TO, marks=pytest.mark.slow),  # a minute to compile
    ],
)
def test_casts(
    tmp_path: Path, rectify: bool, tool: str, build: Callable[[Path], Any], targets: Targets
) -> None:
    """Every value of every input type through every output type: one simulation."""
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    cases = [
        (given, FixedType(width, integer, signed, rounding, overflow))
        for given, (width, integer, signed), rounding, overflow in itertools.product(
            GIVEN, targets, ROUNDING, OVERFLOW
        )
    ]
    modules, bench, expected = {}, [], []
    for number, (given, to) in enumerate(cases):
        module = convert(COUNT, given, to, rectify=rectify)
        modules[module.name] = module.text
        values = np.arange(given.low, given.high + 1)
        raw = np.maximum(values, 0) if rectify else values
        result, _ = cast(Tensor(raw, given.fractional), to)
        mask = (1 << to.width) - 1
        expected += [
            sum((int(value) & mask) << (to.width * place) for place in range(COUNT))
            for value in result.raw
        ]
        x, y = given.width, to.width
        bench.append(
            f"reg [{x - 1}:0] x{number}; wire [{COUNT * y - 1}:0] y{number}; reg clk{number} = 0;\n"
            f"{module.name} u{number} (.clk(clk{number}), .x({{{COUNT}{{x{number}}}}}), "
            f".y(y{number}));\n"
        )
        bench.append(
            f"initial begin #{number * 10000 + 1}; for (i{number} = {given.low}; "
            f"i{number} <= {given.high}; i{number} = i{number} + 1) begin x{number} = i{number}; "
            f"#1 repeat ({module.latency}) begin clk{number} = 1; #1 clk{number} = 0; #1; end "
            f'$display("%0d", y{number}); end end\ninteger i{number};\n'
        )
    source = "\n".join([*modules.values(), "module bench;", *bench, "endmodule\n"])
    (tmp_path / "bench.v").write_text(source)
    command = build(tmp_path)
    answer = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    lines = [line for line in answer.stdout.split() if line.isdecimal()]
    assert list(map(int, lines)) == expected
