"""Count the primitives of Verilog modules with Yosys, each distinct module once.

Every part is counted by the steps of `synth_xilinx -family xc7`, because Yosys packs registers
into DSP slices only for 7-series parts (`xcu` gives three times the flip-flops for a dense layer).
Their slices (DSP48E1, 25 x 18) are a little smaller than those of UltraScale (DSP48E2, 27 x 18).
"""

import json
import re
import shutil
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path

from backends.modelgraph.rtl.verilog import Module
from backends.modelgraph.slice_rules import RULES
from backends.modelgraph.vendor_hls.multipliers import MultiplierRule
from backends.openhls import registered_sums, toolchain
from backends.openhls.cell_library import CELLS, read_cells
from backends.openhls.operand_order import CHOSEN_SECOND, MARK_CHOSEN, WIDER_FIRST
from backends.openhls.run_yosys import run_script
from backends.openhls.slice_techmap import TECHMAP, definitions
from backends.openhls.table_files import tables_in_files
from backends.openhls.weight_roms import CONSTANTS, weights_in_cells
from dse.contracts.errors import EvaluationError, FailureKind
from dse.runtime.cache import cached_directory, digest

INSTALL = "Yosys 0.23 or newer: pip install pyosys, or Debian: apt-get install yosys"

_FORMAT = 6
"""Part of the cache key: raise it when the script changes the counts."""

_SOURCE, _STAT, _LONGEST, _COUNTS = "module.v", "stat.json", "longest.txt", "counts.json"
_SCRIPT, _MEMORY_CELLS = "count.ys", "memories.txt"


@dataclass(frozen=True)
class Counts:
    """Primitives of a module.

    Args:
        lut: look-up tables of all sizes, LUT1 … LUT6, and those used as memories.
        ff: flip-flops.
        dsp: DSP slices.
        bram_18k: block RAMs; a RAMB36E1 counts as two.
        srl: look-up tables used as shift registers.
        carry: 4-bit carry chains.
        muxf: wide multiplexers, MUXF7 … MUXF9.
        levels: cells on the longest path between registers.
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
        """Return the counts of two modules side by side."""
        sums = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        return Counts(**{**sums, "levels": max(self.levels, other.levels)})

    def __mul__(self, times: int) -> "Counts":
        """Return the counts of several copies side by side."""
        products = {f.name: getattr(self, f.name) * times for f in fields(self)}
        return Counts(**{**products, "levels": self.levels})


# Cell types by count, as regular expressions; block RAMs are counted apart for their two sizes
_CELLS = {
    "lut": r"LUT[1-6]|" + "|".join(map(re.escape, registered_sums.TABLES)),
    "ff": r"FD[RSCP]E",
    "dsp": r"DSP48E1",
    "srl": r"SRL16E|SRLC32E",
    "carry": r"CARRY4",
    "muxf": r"MUXF[789]",
}


_MEMORIES = {
    "RAM32X1S": 1, "RAM64X1S": 1, "RAM128X1S": 2, "RAM256X1S": 4,
    "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4, "RAM32M": 4, "RAM64M": 4,
}  # fmt: skip
"""Look-up tables that memories of them take (UG953): FIFOs and line buffers of streams."""


def synthesiser() -> str:
    """Return name and version of the Yosys in use, such as ``yosys 0.23``; empty without one."""
    return str(toolchain.yosys() or "")


def count(module: Module, multipliers: str, cache_root: Path) -> Counts:
    """Return the counts of one module, from the cache or by a run of Yosys.

    One run for many modules would be faster, but then the mapping to look-up tables varies by
    some per cent with the other modules, and a module's counts must depend on it alone.

    Args:
        module: module to count.
        multipliers: a key of `RULES`.
        cache_root: shared cache folder.

    Raises:
        EvaluationError: Yosys failed or is not on PATH.
    """
    key = digest("yosys", _FORMAT, synthesiser(), multipliers, module.text)
    build = partial(_run, module, multipliers, cache_root)
    root = cache_root / "yosys"
    try:
        return _stored_counts(cached_directory(root, key, build))
    except (OSError, ValueError, KeyError):  # the entry is damaged: count again
        shutil.rmtree(root / key, ignore_errors=True)
        return _stored_counts(cached_directory(root, key, build))


def _stored_counts(folder: Path) -> Counts:
    """Read the counts from a cache entry."""
    stored = json.loads((folder / _COUNTS).read_text())
    return Counts(**{f.name: int(stored[f.name]) for f in fields(Counts)})


def _run(module: Module, multipliers: str, cache_root: Path, folder: Path) -> None:
    """Run Yosys in a folder and write the counts there.

    Reading Yosys' models of block RAMs takes longer than mapping most modules. So they are read
    only for a module that declares a memory, or when a run finds one that it did not expect.
    """
    program = toolchain.yosys()
    if program is None:
        raise EvaluationError(FailureKind.TOOL_MISSING, "Yosys is not installed", hint=INSTALL)
    (folder / _SOURCE).write_text(tables_in_files(weights_in_cells(module.text), folder))
    (folder / "swap.v").write_text(WIDER_FIRST)
    (folder / "chosen.v").write_text(CHOSEN_SECOND)
    (folder / "constants.v").write_text(CONSTANTS)
    (folder / "rule.v").write_text(TECHMAP)
    registered_sums.write_maps(folder)
    rule = RULES[multipliers]
    cells = read_cells(program, folder, cache_root)
    memories = _ARRAY.search(module.text) is not None
    run_script(program, _script(module, rule, memories, cells), folder, _SCRIPT)
    if not memories and (folder / _MEMORY_CELLS).read_text().strip():
        run_script(program, _script(module, rule, True, cells), folder, _SCRIPT)
    (folder / CELLS).unlink(missing_ok=True)  # the same for every module
    (folder / _COUNTS).write_text(json.dumps(asdict(_reported_counts(folder))))


_ARRAY = re.compile(r"\breg\b[^;]*\[0:\d+\];")
"""Declaration of a memory."""

_FIND_MEMORIES = f"""memory_libmap -logic-cost-rom 0.015625 -lib +/xilinx/lutrams_xc5v.txt \
-lib +/xilinx/brams_xc4v.txt -D HAS_SIZE_36 -D HAS_CASCADE -D HAS_MIXWIDTH_SDP -no-auto-huge
tee -q -o {_MEMORY_CELLS} select -list t:$__XILINX_*
"""
"""Find what would be a memory, with the options of `synth_xilinx` for xc7, but map none."""


_MAP_CELLS = "synth_xilinx -family xc7 -noiopad -noclkbuf -run map_ffs:check"
"""Map flip-flops and look-up tables: with abc in Yosys 0.23, with abc9 in newer ones.

abc of Yosys 0.70 is faster than its abc9, but gives a fifth more look-up tables for multiplexers.
"""


_MARK_SOFT = """select -set soft t:$__soft_mul
setattr -set soft 1 @soft
chtype -set $mul @soft
"""
"""Marks multipliers that a rule spares, as which passes for multipliers still know them."""


def _script(module: Module, rule: MultiplierRule | None, memories: bool, cells: str) -> str:
    """Return the Yosys script: the steps of `synth_xilinx -family xc7` that a module needs.

    It is written out because of what differs:

    * wreduce takes the copies of a sign bit out of registers: xilinx_dsp would leave them behind
      without a driver.
    * memory_dff merges registers into memories before xilinx_dsp can take them.
    * A vendor's rule may spare multipliers from DSP slices. Partial products are limited to
      18 x 18 bits (DSP_A_MAXWIDTH_PARTIAL), so that slices can be cascaded. Products below 9 bits
      stay in look-up tables (DSP_Y_MINWIDTH).
    * A sum's operand that a multiplexer chooses goes where it takes no look-up tables (chosen.v).
    * chtype turns the multipliers that are left into soft ones, for look-up tables.
    * opt_clean -purge drops named wires early: later steps take longer the more there are.
    * `opt` runs once before wreduce instead of three times, which changes no count.
    * Steps for what no module has are left out: state machines (fsm), operators that exclude
      each other (share), three-state wires, pads and clock buffers.

    ltp gives the longest path through look-up tables and carry chains; its selection leaves out
    registers, so that paths end there.

    Args:
        module: the module.
        rule: of the vendor's tool; None leaves the choice to Yosys.
        memories: whether to map memories to block RAMs and look-up tables; else they are only
            listed.
        cells: command that reads the cell library.
    """
    # The rule reads constants as they are written: opt_expr takes factors of two out of them.
    marked = f"techmap -map rule.v {definitions(rule)}\n{_MARK_SOFT}" if rule else ""
    spared = "chtype -set $__soft_mul t:$mul a:soft %i\n" if rule else ""
    aside = registered_sums.worthwhile(module.text)
    tables = " ".join(f"t:{name}" for name in registered_sums.TABLES)
    map_memories = "synth_xilinx -family xc7 -run map_memory:map_ffram\n"
    return f"""{cells}
read_verilog {_SOURCE}
hierarchy -check -top {module.name}
proc
{marked}opt_clean -purge
opt
wreduce
peepopt
pmux2shiftx
clean
memory_dff
{spared}techmap -map swap.v
techmap -map +/mul2dsp.v -map +/xilinx/xc7_dsp_map.v -D DSP_A_MAXWIDTH=25 \
-D DSP_B_MAXWIDTH=18 -D DSP_A_MAXWIDTH_PARTIAL=18 -D DSP_A_MINWIDTH=2 -D DSP_B_MINWIDTH=2 \
-D DSP_Y_MINWIDTH=9 -D DSP_SIGNEDONLY=1 -D DSP_NAME=$__MUL25X18
select a:mul2dsp
setattr -unset mul2dsp
opt_expr -fine
wreduce
select -clear
clean
wreduce {registered_sums.REGISTERS}
xilinx_dsp -family xc7
techmap -map constants.v
chtype -set $mul t:$__soft_mul
{registered_sums.SET_ASIDE if aside else ""}\
techmap -map +/cmp2lut.v -map +/cmp2lcu.v -D LUT_WIDTH=6
alumacc
opt
{MARK_CHOSEN}techmap -map chosen.v
memory -nomap
opt_clean
{map_memories if memories else _FIND_MEMORIES}\
memory_map
opt -full
xilinx_srl -variable -minlen 3
techmap -map +/techmap.v -D LUT_SIZE=6 -map +/xilinx/arith_map.v
opt_clean -purge
opt -fast
techmap -map +/xilinx/cells_map.v
clean
{_MAP_CELLS}
{registered_sums.TAKE_BACK if aside else ""}\
tee -q -o {_STAT} stat -json
tee -q -o {_LONGEST} ltp w:* t:LUT* {tables} t:CARRY4 t:MUXF* t:INV
"""


def _reported_counts(folder: Path) -> Counts:
    """Read the counts from the reports of a run."""
    text = (folder / _STAT).read_text()
    # Yosys 0.23 prints stray text into the JSON of some designs: take the one object needed
    found = re.search(r'"num_cells_by_type": *(\{[^}]*\})', text)
    cells: dict[str, int] = json.loads(found.group(1)) if found else {}
    counts = {
        kind: sum(n for cell, n in cells.items() if re.fullmatch(pattern, cell))
        for kind, pattern in _CELLS.items()
    }
    counts["lut"] += sum(cells.get(cell, 0) * luts for cell, luts in _MEMORIES.items())
    brams = cells.get("RAMB18E1", 0) + 2 * cells.get("RAMB36E1", 0)
    longest = re.search(r"length=(\d+)", (folder / _LONGEST).read_text())
    levels = int(longest.group(1)) if longest else 0
    return Counts(**counts, bram_18k=brams, levels=levels)
