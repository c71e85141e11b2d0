"""What Yosys counts computes what the circuit does: its cells, simulated beside the Verilog."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from backends.modelgraph.fixed_point import FixedType, Tensor
from backends.modelgraph.rtl.modules.dense import DenseSpec, dense
from backends.modelgraph.rtl.verilog import Module
from backends.openhls import toolchain, yosys
from backends.openhls.cell_library import CELLS
from tests.support import needs

pytestmark = [needs.synthesis, needs.icarus]

_KIND = FixedType(16, 6)
_CYCLES = 700
_TABLES = "techmap -map tables.v\n"
_TABLE = r"""(* techmap_celltype = "$_XOR_ $_XNOR_" *)
module two_inputs (A, B, Y); input A, B; output Y;
  parameter _TECHMAP_CELLTYPE_ = "";
  LUT2 #(.INIT(_TECHMAP_CELLTYPE_ == "$_XOR_" ? 4'b0110 : 4'b1001)) lut (.I0(A), .I1(B), .O(Y));
endmodule
"""


def layer(reuse: int, low: int, high: int) -> Module:
    rng = np.random.default_rng(3)
    weight = Tensor(rng.integers(low, high, (16, 8)), 10)
    bias = Tensor(rng.integers(-100, 100, 8), 10)
    return dense(DenseSpec(weight, bias, _KIND, _KIND, _KIND, _KIND, reuse))


def ran(script: str, folder: Path) -> str:
    """Run a Yosys script; return what it printed."""
    program = toolchain.yosys()
    assert program is not None
    (folder / "more.ys").write_text(script)
    command = [*program.command, "-s", "more.ys"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def bench(module: Module, reuse: int) -> str:
    """Return a test bench that counts cycles in which the two circuits differ."""
    pulses = [f".{name}(n % {reuse} == {at % reuse})" for name, at in module.enables.items()]
    phase = [f".phase(phase[{module.phase_bits - 1}:0])"] if module.phase_bits else []
    ports = ", ".join([".clk(clk)", ".x(x)", *phase, *pulses])
    return f"""module bench;
  reg clk = 0; reg [31:0] n = 0; reg [255:0] x = 0; wire [127:0] a, b;
  wire [31:0] phase = n % {reuse};
  integer k, differ = 0, ones = 0;
  {module.name} written({ports}, .y(a));
  counted mapped({ports}, .y(b));
  initial for (n = 0; n < {_CYCLES}; n = n + 1) begin
    if (n % {reuse} == 0) for (k = 0; k < 8; k = k + 1) x[32*k +: 32] = $random;
    #5 if (n > 200 && a !== b) differ = differ + 1;
    if (n > 200 && ^a === 1'b1) ones = ones + 1;
    clk = 1; #5 clk = 0;
  end
  initial #{_CYCLES * 10 + 1} $display("differ %0d ones %0d", differ, ones);
endmodule
"""


@pytest.mark.parametrize(
    ("reuse", "rule", "low", "high"),
    [
        (1, "vitis_hls-2023.2", -900, 900),
        (1, "yosys", -500, 500),
        (2, "yosys", -900, 900),
        (4, "yosys", -500, 500),  # registers of products have copies of a sign bit
        (5, "yosys", 0, 900),  # not a power of two; the sign is constant
        (8, "vitis_hls-2023.2", -900, 900),
        (64, "yosys", -900, 900),  # outputs take turns; inputs are chosen in two steps
    ],
)
def test_counted_cells_compute_what_the_circuit_does(
    reuse: int, rule: str, low: int, high: int, tmp_path: Path
) -> None:
    module = layer(reuse, low, high)
    counts = yosys.count(module, rule, tmp_path)
    (folder,) = (entry.parent for entry in tmp_path.glob("yosys/*/count.ys"))
    mapped = f"{_TABLES}rename {module.name} counted\nwrite_verilog -noattr -noexpr netlist.v\n"
    # the cells of Yosys' own Verilog, whose path its output tells
    verilog = "read_verilog -lib +/xilinx/cells_sim.v"
    script = (folder / "count.ys").read_text().replace(f"read_rtlil {CELLS}", verilog)
    (folder / "tables.v").write_text(_TABLE)
    printed = ran(script + mapped, folder)
    models = re.search(r"Parsing Verilog input from `(.*cells_sim\.v)'", printed)
    assert models is not None
    (folder / "written.v").write_text(module.text)
    (folder / "bench.v").write_text(bench(module, reuse))
    sources = ["bench.v", "written.v", "netlist.v", models[1]]
    subprocess.run(["iverilog", "-g2012", "-o", "bench", *sources], cwd=folder, check=True)
    result = subprocess.run(["./bench"], cwd=folder, capture_output=True, text=True, check=True)
    differ, ones = map(int, re.findall(r"\d+", result.stdout))
    assert differ == 0
    assert 0 < ones < _CYCLES - 201, "outputs that do not move prove nothing"
    assert counts.dsp == (netlist := (folder / "netlist.v").read_text()).count("DSP48E1 #")
    assert counts.lut == len(re.findall(r"\bLUT[1-6] #", netlist))
