"""What the tools are told: options of hls4ml's build script, and our own Tcl for Vivado."""

from collections.abc import Sequence

BUILD = "build_prj.tcl"
OPTIONS = "build_opt.tcl"
SYNTHESIS = "dse_vivado.tcl"


def options(stages: Sequence[str]) -> dict[str, int]:
    """hls4ml's switches for the HLS part of these stages."""
    wanted = {"reset", "synth"} | ({"cosim"} & set(stages))
    names = ("reset", "csim", "synth", "cosim", "validation", "export", "vsynth", "fifo_opt")
    return {name: int(name in wanted) for name in names}


def options_file(stages: Sequence[str]) -> str:
    """Content of `build_opt.tcl`, which newer projects read."""
    lines = "\n".join(f"    {name} {value}" for name, value in options(stages).items())
    return f"array set opt {{\n{lines}\n}}\n"


def options_argument(stages: Sequence[str]) -> str:
    """The argument that scripts for Vivado HLS take instead."""
    return " ".join(f"{name}={value}" for name, value in options(stages).items())


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
