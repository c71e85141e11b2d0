"""Input of the tools: options of hls4ml's build script, Tcl for Vivado, shell commands."""

from collections.abc import Sequence

from backends.hls4ml.vendor.tools import PROGRAMS

BUILD = "build_prj.tcl"
OPTIONS = "build_opt.tcl"
SYNTHESIS = "dse_vivado.tcl"
VIVADO_STAGES = ("vsynth", "impl")
"""Stages that run Vivado after HLS."""


def options(stage: str) -> dict[str, int]:
    """Return hls4ml's switches for the HLS part of a stage: 1 for steps to run, else 0.

    The switches `vsynth` and `export` stay off: `synthesis` writes Vivado's steps, because
    hls4ml's own `vsynth` has no place and route and no timing report.
    """
    wanted = {"reset", "synth"} | ({"cosim"} & {stage})
    names = ("reset", "csim", "synth", "cosim", "validation", "export", "vsynth", "fifo_opt")
    return {name: int(name in wanted) for name in names}


def options_file(stage: str) -> str:
    """Return the content of `build_opt.tcl`, which build_prj.tcl of Vitis projects reads."""
    lines = "\n".join(f"    {name} {value}" for name, value in options(stage).items())
    return f"array set opt {{\n{lines}\n}}\n"


def arguments(name: str, stage: str) -> list[str]:
    """Return the arguments after an HLS program's own options: build script and switches.

    build_prj.tcl of Vivado HLS projects takes the switches from the command line; that of Vitis
    projects reads `build_opt.tcl` instead.
    """
    switches = " ".join(f"{name}={value}" for name, value in options(stage).items())
    return [BUILD, *([switches] if name == "vivado_hls" else [])]


def synthesis(top: str, part: str, clock_period_ns: float, *, route: bool) -> str:
    """Return Tcl for out-of-context synthesis, with place and route on request (UG835).

    It writes `vsynth_utilization.rpt` and `vsynth_timing.rpt`, or `impl_…` after routing.
    Out of context, Vivado inserts no I/O buffers: an io_parallel design has more ports than a part
    has pins.

    Args:
        top: name of the top function; also names the HLS project's folder.
        part: full part name.
        clock_period_ns: requested period of `ap_clk`.
        route: whether to place and route.
    """
    stage = "impl" if route else "vsynth"
    routing = "place_design\nphys_opt_design\nroute_design\n" if route else ""
    return f"""set_part {part}
read_verilog [glob {top}_prj/solution1/syn/verilog/*.v]
foreach ip [glob -nocomplain {top}_prj/solution1/syn/verilog/*.tcl] {{ source $ip }}
synth_design -top {top} -part {part} -mode out_of_context
create_clock -period {clock_period_ns} -name ap_clk [get_ports ap_clk]
opt_design
{routing}report_utilization -file {stage}_utilization.rpt
report_timing_summary -file {stage}_timing.rpt
"""


def commands(backend: str, stage: str, report: str) -> str:
    """Return shell commands that run a written project with the first program on PATH.

    Args:
        backend: ``vitis`` or ``vivado``.
        stage: last step of the flow.
        report: path of the C synthesis report. The script fails without it, because the tools
            may end with exit code 0 after an error.
    """
    clear = f"rm -rf {report.partition('/')[0]} *.rpt"
    lines = [clear, *_first_found(PROGRAMS[backend], stage), f"test -s {report}"]
    if stage in VIVADO_STAGES:
        lines += _first_found(PROGRAMS["synthesis"], stage)
    return "\n".join(["set -e", *lines]) + "\n"


def _first_found(programs: Sequence[tuple[str, Sequence[str]]], stage: str) -> list[str]:
    """Return a shell if/elif chain that runs the first of several programs on PATH."""
    lines, names = [], " or ".join(name for name, _ in programs)
    for index, (name, script) in enumerate(programs):
        given = [SYNTHESIS] if name == "vivado" else arguments(name, stage)
        command = " ".join([name, *script, given[0], *(f'"{a}"' for a in given[1:])])
        lines.append(f"{'elif' if index else 'if'} command -v {name} >/dev/null; then")
        lines.append(f"    {command}")
    return [*lines, "else", f'    echo "ERROR: {names} is not on PATH"', "    exit 127", "fi"]
