"""What the tools are told: options of hls4ml's build script, our own Tcl for Vivado, commands."""

from collections.abc import Sequence

from backends.hls4ml.vendor.tools import PROGRAMS

BUILD = "build_prj.tcl"
OPTIONS = "build_opt.tcl"
SYNTHESIS = "dse_vivado.tcl"
VIVADO_STAGES = ("vsynth", "impl")
"""Stages that need Vivado."""


def options(stage: str) -> dict[str, int]:
    """hls4ml's switches for the HLS part of a stage."""
    wanted = {"reset", "synth"} | ({"cosim"} & {stage})
    names = ("reset", "csim", "synth", "cosim", "validation", "export", "vsynth", "fifo_opt")
    return {name: int(name in wanted) for name in names}


def options_file(stage: str) -> str:
    """Content of `build_opt.tcl`, which newer projects read."""
    lines = "\n".join(f"    {name} {value}" for name, value in options(stage).items())
    return f"array set opt {{\n{lines}\n}}\n"


def arguments(name: str, stage: str) -> list[str]:
    """What an HLS program gets behind its own options; Vivado HLS takes the switches there."""
    switches = " ".join(f"{name}={value}" for name, value in options(stage).items())
    return [BUILD, *([switches] if name == "vivado_hls" else [])]


def synthesis(top: str, part: str, clock_period_ns: float, *, route: bool) -> str:
    """Out-of-context synthesis, and place and route on request (UG835).

    Leaves `vsynth_utilization.rpt` and `vsynth_timing.rpt`, or `impl_…` after routing.
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
    """Shell commands that run a written project with whatever spelling is on PATH.

    Args:
        backend: ``vitis`` or ``vivado``.
        stage: how far to go.
        report: of C synthesis; without it the tool has failed, whatever its exit code.
    """
    clear = f"rm -rf {report.partition('/')[0]} *.rpt"
    lines = [clear, *_first_found(PROGRAMS[backend], stage), f"test -s {report}"]
    if stage in VIVADO_STAGES:
        lines += _first_found(PROGRAMS["synthesis"], stage)
    return "\n".join(["set -e", *lines]) + "\n"


def _first_found(programs: Sequence[tuple[str, Sequence[str]]], stage: str) -> list[str]:
    lines, names = [], " or ".join(name for name, _ in programs)
    for index, (name, script) in enumerate(programs):
        given = [SYNTHESIS] if name == "vivado" else arguments(name, stage)
        command = " ".join([name, *script, given[0], *(f'"{a}"' for a in given[1:])])
        lines.append(f"{'elif' if index else 'if'} command -v {name} >/dev/null; then")
        lines.append(f"    {command}")
    return [*lines, "else", f'    echo "ERROR: {names} is not on PATH"', "    exit 127", "fi"]
