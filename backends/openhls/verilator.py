"""Simulate by Verilator: translate the Verilog to C++, compile that and run it."""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backends.modelgraph.rtl.verilog import Module
from backends.openhls.allocation import with_large_heap
from backends.openhls.toolchain import Tool
from dse.contracts.errors import EvaluationError
from dse.runtime.cache import cached_directory, digest
from dse.runtime.tools import run_tool

LOG = "simulation.log"
SHARED = "shared.vlt"
_TOP = "testbench"
_FOLDER = "simulation"

TRANSLATE = ("--cc", "--exe", "--main", "--timing", "-Wno-fatal", "-Wno-lint", "-Wno-style",
              "-O3", "-fno-const-bit-op-tree", "-fno-table", "-fno-expand", "--x-assign", "fast",
              "--output-split", "0", "--top-module", _TOP, "--Mdir", _FOLDER)  # fmt: skip
MAKE = ("make", "-C", _FOLDER, "-f", f"V{_TOP}.mk", "VM_PARALLEL_BUILDS=0",
         "OPT_FAST=-O0 -include verilated.h", "OPT_SLOW=-O0", "OPT_GLOBAL=-O0")  # fmt: skip
"""Options that translate to C++, and the command that compiles it.

Compiling takes far longer than running, hence a single C++ file (`--output-split 0`) and no
optimisation by the compiler (`-O0`). Tables in place of logic (`-fno-table`), and a statement for
every 32 bits of a wide number (`-fno-expand`), would make the code longer. Verilator's header takes
half a second to read, and comes precompiled: g++ takes that for the first file alone that it
includes, hence `-include`.

`-fno-const-bit-op-tree`: Verilator 5.006 simplifies trees of bit operations wrongly for the
rounding bit of a number (`1'b0, x[10] & x[11]` as a signed number becomes -1).
"""

_INPUT = re.compile(r"input wire (?:\[\d+:0\] )?(\w+)")


def kept_ports(modules: Sequence[Module]) -> str:
    """Return Verilator's configuration that keeps the inputs of modules as variables.

    Verilator else puts what drives an input into the code of every instance, which then differ,
    and 37 instances are compiled 37 times. The clock must not be kept: each instance would look
    for its edges itself.
    """
    kept = [
        f'public_flat_rd -module "{module.name}" -var "{port}"'
        for module in modules
        for port in _INPUT.findall(module.text.partition(");")[0])
        if port != "clk"
    ]
    return "\n".join(["`verilator_config", *kept, ""])


_LISTED = re.compile(r"^ *__Vscopep?_\w+(?:\.|->)varInsert\(.*\);\n", re.MULTILINE)


def without_listed_variables(code: str) -> str:
    """Return Verilator's symbol table without the variables that it lists for other languages.

    A kept port is listed, once per instance, for programs that look for variables by name (VPI).
    There are none here, and the list takes as long to compile as a small network. Code of a version
    that lists them otherwise than 5.006 and 5.48 stays as it is.

    Args:
        code: content of `V…__Syms.cpp` or, in newer versions, `V…__Syms__Slow.cpp`.
    """
    return _LISTED.sub("", code)


@dataclass(frozen=True)
class Verilator:
    """Translation, compilation and run; Verilator's own library is compiled once and cached."""

    tool: Tool
    cache: Path

    def run(self, folder: Path, sources: Sequence[str]) -> None:
        """Simulate the module `testbench` of some sources in a folder.

        Raises:
            EvaluationError: a step failed.
        """
        library = self._library()
        shutil.rmtree(folder / _FOLDER, ignore_errors=True)  # of an earlier try
        self._translate(folder, *sources)
        objects = list((library / _FOLDER).glob("verilated*.o"))
        for file in objects:
            shutil.copy(file, folder / _FOLDER)
        header = folder / _FOLDER / _HEADER  # 60 MB, only for this compilation
        header.symlink_to(library / _FOLDER / _HEADER)
        try:
            self._call(folder, MAKE)
        except EvaluationError:  # the cached objects may be damaged: try once more without them
            shutil.rmtree(library, ignore_errors=True)
            for file in (*objects, header):
                (folder / _FOLDER / file.name).unlink(missing_ok=True)
            self._call(folder, MAKE)
        header.unlink(missing_ok=True)
        run_tool([f"{_FOLDER}/V{_TOP}"], directory=folder, log=folder / LOG)

    def _library(self) -> Path:
        key = digest("verilator", str(self.tool), TRANSLATE, MAKE, _LIBRARY)
        return cached_directory(self.cache / "verilator", key, self._build_library)

    def _build_library(self, folder: Path) -> None:
        """Compile Verilator's own library, which is the same for every network."""
        (folder / f"{_TOP}.v").write_text(f"module {_TOP}; initial #1 $finish; endmodule\n")
        self._translate(folder, f"{_TOP}.v")
        (folder / _FOLDER / "library.mk").write_text(_LIBRARY)
        self._call(folder, (*MAKE, "-f", "library.mk", "library"))

    def _translate(self, folder: Path, *sources: str) -> None:
        environment = with_large_heap(self.tool.environment)
        command = [*self.tool.command, *TRANSLATE, *sources]
        run_tool(command, directory=folder, log=folder / LOG, environment=environment)
        for symbols in (folder / _FOLDER).glob(f"V{_TOP}__Syms*.cpp"):
            symbols.write_text(without_listed_variables(symbols.read_text()))

    def _call(self, folder: Path, make: Sequence[str]) -> None:
        command = [*make, *self.tool.make_options]
        environment = self.tool.environment
        run_tool(command, directory=folder, log=folder / LOG, environment=environment)


_HEADER = "verilated.h.gch"
_LIBRARY = f"""library: $(VK_GLOBAL_OBJS) {_HEADER}

{_HEADER}: $(VERILATOR_ROOT)/include/verilated.h
\t-$(CXX) $(CXXFLAGS) $(CPPFLAGS) $(OPT_GLOBAL) -x c++-header -o $@ $<
"""
"""Makefile beside Verilator's own, for the objects of its library and its precompiled header.

A compiler may fail to precompile (`-`): the header is then read as it is.
"""
