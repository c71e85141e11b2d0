"""The cells of 7-series parts, in the form that a Yosys reads fastest.

Of the cell library only cells_sim.v is read: the rest (cells_xtra.v) takes longer to read than
most modules to map.
"""

import shutil
from functools import partial
from pathlib import Path

from backends.openhls.run_yosys import run_script
from backends.openhls.toolchain import Tool
from dse.runtime.cache import cached_directory, digest

CELLS = "cells.il"
_SCRIPT = f"read_verilog -lib +/xilinx/cells_sim.v\nwrite_rtlil {CELLS}\n"

_MAPS_WITH_ABC = (0, 23)
"""Newest Yosys that was seen to map with abc by default."""


def read_cells(program: Tool, folder: Path, cache: Path) -> str:
    """Return the command of Yosys that reads the cells.

    Yosys 0.23 maps with abc, which needs names and ports alone: they are read from RTLIL, Yosys'
    own format, in 0.02 s instead of the 0.1 s of Verilog, where a small module takes 0.3 s.

    Newer `synth_xilinx` maps with abc9. It takes the Verilog, since it fills in the cells'
    parameters, with the delays in the specify blocks: without them it fails ("has no specify
    entries"). With abc, reading the delays would change some counts.

    Args:
        program: the Yosys whose library it is.
        folder: folder in which Yosys is to run; the RTLIL is put there as `cells.il`.
        cache: shared cache folder.

    Raises:
        EvaluationError: Yosys failed.
    """
    if program.numbers > _MAPS_WITH_ABC:
        return "read_verilog -specify -lib +/xilinx/cells_sim.v"
    key = digest("cells", str(program), _SCRIPT)
    kept = cached_directory(cache / "cells", key, partial(_write, program))
    shutil.copy(kept / CELLS, folder)
    return f"read_rtlil {CELLS}"


def _write(program: Tool, folder: Path) -> None:
    """Let Yosys write its library as RTLIL."""
    run_script(program, _SCRIPT, folder, "cells.ys")
