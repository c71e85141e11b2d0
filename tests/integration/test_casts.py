"""Casts in Verilog against the arithmetic, over all rounding and overflow modes."""

import itertools
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from backends.hls4ml.bittrue.fixed import FixedType, Tensor, cast
from backends.openhls.modules.elementwise import convert

ROUNDING = ("TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV")
OVERFLOW = ("WRAP", "SAT", "SAT_ZERO", "SAT_SYM")
GIVEN = (FixedType(9, 3), FixedType(8, 2, signed=False), FixedType(7, 9))
TO = ((5, 2, True), (6, 3, False), (12, 4, True), (4, 4, True), (3, 6, True))


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog is not installed")
@pytest.mark.parametrize("rectify", [False, True])
def test_casts(tmp_path: Path, rectify: bool) -> None:
    """Every value of every input type through every output type: one simulation."""
    cases = [
        (given, FixedType(width, integer, signed, rounding, overflow))
        for given, (width, integer, signed), rounding, overflow in itertools.product(
            GIVEN, TO, ROUNDING, OVERFLOW
        )
    ]
    modules, bench, expected = {}, [], []
    for number, (given, to) in enumerate(cases):
        module = convert(1, given, to, rectify=rectify)
        modules[module.name] = module.text
        values = np.arange(given.low, given.high + 1)
        raw = np.maximum(values, 0) if rectify else values
        result, _ = cast(Tensor(raw, given.fractional), to)
        expected += [int(value) & ((1 << to.width) - 1) for value in result.raw]
        bench.append(
            f"reg [{given.width - 1}:0] x{number}; wire [{to.width - 1}:0] y{number};\n"
            f"{module.name} u{number} (.clk(1'b0), .x(x{number}), .y(y{number}));\n"
        )
        bench.append(
            f"initial begin #{number * 1000 + 1}; for (i{number} = {given.low}; "
            f"i{number} <= {given.high}; i{number} = i{number} + 1) begin x{number} = i{number}; "
            f'#1 $display("%0d", y{number}); end end\ninteger i{number};\n'
        )
    source = "\n".join([*modules.values(), "module bench;", *bench, "endmodule\n"])
    (tmp_path / "bench.v").write_text(source)
    subprocess.run(["iverilog", "-g2005", "-o", "bench", "bench.v"], cwd=tmp_path, check=True)
    answer = subprocess.run(
        ["vvp", "-n", "bench"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert [int(line) for line in answer.stdout.split()] == expected
