"""Small reports in the forms of the vendors' tools, written for the tests."""

import json
from pathlib import Path
from typing import Any


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def csynth_xml(
    top: str = "myproject",
    part: str = "xcku115-flvb2104-2-i",
    clock: float = 5.0,
    lut: int = 5678,
    version: str = "2023.2",
) -> str:
    return f"""<profile>
<ReportVersion><Version>{version}</Version></ReportVersion>
<UserAssignments><unit>ns</unit><Part>{part}</Part><TopModelName>{top}</TopModelName>
<TargetClockPeriod>{clock:.2f}</TargetClockPeriod><ClockUncertainty>1.35</ClockUncertainty>
</UserAssignments>
<PerformanceEstimates>
<SummaryOfTimingAnalysis><unit>ns</unit><EstimatedClockPeriod>3.649</EstimatedClockPeriod>
</SummaryOfTimingAnalysis>
<SummaryOfOverallLatency><Best-caseLatency>95</Best-caseLatency>
<Worst-caseLatency>96</Worst-caseLatency>
<Interval-min>8</Interval-min><Interval-max>9</Interval-max></SummaryOfOverallLatency>
</PerformanceEstimates>
<AreaEstimates>
<Resources><BRAM_18K>4</BRAM_18K><DSP>296</DSP><FF>1234</FF><LUT>{lut}</LUT></Resources>
<AvailableResources><BRAM_18K>4320</BRAM_18K><DSP>5520</DSP><FF>1326720</FF><LUT>663360</LUT>
</AvailableResources></AreaEstimates>
</profile>
"""


def csynth_rpt(top: str = "myproject", lut: int = 5678, clock: float = 5.0) -> str:
    return f"""
== Vitis HLS Report for '{top}'
* Version:        2023.2 (Build 1)
* Target device:  xcku115-flvb2104-2-i

+ Timing:
    +--------+---------+----------+------------+
    |  Clock |  Target | Estimated| Uncertainty|
    +--------+---------+----------+------------+
    |ap_clk  | {clock:.2f} ns|  3.649 ns|     1.35 ns|
    +--------+---------+----------+------------+

+ Latency:
    +---------+---------+----------+----------+-----+-----+---------+
    |  Latency (cycles) |  Latency (absolute) |  Interval | Pipeline|
    |   min   |   max   |    min   |    max   | min | max |   Type  |
    +---------+---------+----------+----------+-----+-----+---------+
    |       95|       96|  0.475 us|  0.480 us|    8|    9| dataflow|
    +---------+---------+----------+----------+-----+-----+---------+

== Utilization Estimates
+-----------------+---------+------+---------+--------+
|       Name      | BRAM_18K|  DSP |    FF   |   LUT  |
+-----------------+---------+------+---------+--------+
|Total            |        4|   296|     1234|    {lut}|
+-----------------+---------+------+---------+--------+
|Available        |     4320|  5520|  1326720|  663360|
+-----------------+---------+------+---------+--------+
"""


def summary_rpt(top: str = "myproject") -> str:
    return f"""
== Synthesis Summary Report of '{top}'
+ General Information:
    * Version:        2023.2 (Build 1)
    * Target device:  xcku115-flvb2104-2-i

+ Performance & Resource Estimates:
    +--------+------+---------+--------+---------+--------+---------+-----------+----------+-----+
    | Modules|      | Latency | Latency|         |        |         |           |          |     |
    | & Loops| Slack| (cycles)|  (ns)  | Interval|  BRAM  |   DSP   |     FF    |    LUT   | URAM|
    +--------+------+---------+--------+---------+--------+---------+-----------+----------+-----+
    |+ {top}*|  0.00|       96| 480.000|        9| 4 (~0%)| 296 (5%)| 1234 (~0%)| 5678 (1%)|    -|
    | + dense|  0.49|       12|  60.000|        1|       -|  8 (~0%)|    1 (~0%)|   2 (~0%)|    -|
    +--------+------+---------+--------+---------+--------+---------+-----------+----------+-----+
"""


def cosim_rpt(status: str = "Pass") -> str:
    return f"""
+----------+----------+-----------------------+-----------------------+
|   RTL    |  Status  |   min |  avg  |  max  |  min  |  avg  |  max  |
+----------+----------+-----------------------+-----------------------+
|      VHDL|        NA|     NA|     NA|     NA|     NA|     NA|     NA|
|   Verilog|      {status}|     99|     99|    101|      8|      8|      9|
+----------+----------+-----------------------+-----------------------+
"""


def utilisation(
    design: str = "myproject",
    device: str = "xcku115-flvb2104-2-i",
    state: str = "Synthesized",
    lut: int = 1526,
) -> str:
    return f"""
| Tool Version : Vivado v.2023.2 (lin64) Build 1
| Command      : report_utilization -file x.rpt
| Design       : {design}
| Device       : {device}
| Design State : {state}
+----------------------------+------+-------+-----------+-------+
|          Site Type         | Used | Fixed | Available | Util% |
+----------------------------+------+-------+-----------+-------+
| CLB LUTs*                  | {lut} |     0 |    663360 |  0.23 |
| CLB Registers              | 2428 |     0 |   1326720 |  0.18 |
|   RAMB36/FIFO*             |    2 |     0 |      2160 |  0.09 |
|   RAMB18                   |    1 |     0 |      4320 |  0.02 |
| DSPs                       |   66 |     0 |      5520 |  1.20 |
+----------------------------+------+-------+-----------+-------+
"""


def timing(state: str = "Synthesized", wns: float = 0.7, period: float = 5.0) -> str:
    return f"""
| Tool Version      : Vivado v.2023.2 (lin64) Build 1
| Command           : report_timing_summary -file t.rpt
| Design            : myproject
| Design State      : {state}
    WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints
    -------      -------  ---------------------  -------------------
     {wns:.3f}        0.000                      0               109487

  Requirement:            {period:.3f}ns  (ap_clk rise@5.000ns - ap_clk rise@0.000ns)
"""


def export_rpt() -> str:
    return """
Implementation tool: Xilinx Vivado v.2023.2
Device target:       xcku115-flvb2104-2-i
LUT:          13003
FF:           10820
DSP:            496
BRAM:             7
CP required:    5.000
CP achieved post-synthesis:    3.907
"""


def hls_log(*lines: str) -> str:
    return "\n".join(
        [
            "****** Vitis HLS - High-Level Synthesis from C, C++ and OpenCL v2023.2 (64-bit)",
            "***** C/RTL SYNTHESIS *****",
            "***** C/RTL SYNTHESIS COMPLETED IN 0h2m3s *****",
            *lines,
            "INFO: [Common 17-206] Exiting vitis_hls",
            "",
        ]
    )


def parsed_json(**sections: Any) -> str:
    counts = {"BRAM_18K": "4", "DSP": "296", "FF": "1234", "LUT": "5678", "URAM": "0"}
    csynth = {
        "TargetClockPeriod": "5.00",
        "EstimatedClockPeriod": "3.649",
        "BestLatency": "95",
        "WorstLatency": "96",
        "IntervalMin": "8",
        "IntervalMax": "9",
        **counts,
        **{f"Available{name}": "999999" for name in counts},
    }
    return json.dumps({"CSynthesisReport": csynth} | sections, indent=1)


AREA = {
    "columns": ["", "ALUTs", "FFs", "RAMs", "DSPs", "Details"],
    "total": [1000, 2000, 30, 4],
    "max_resources": [10000, 20000, 300, 40],
    "children": [
        {
            "name": "dense",
            "type": "function",
            "children": [{"type": "resource", "data": [101.5, 202, 3, 4]}],
        }
    ],
}
LOOPS = {
    "columns": ["", "Pipelined", "II", "Bottleneck", "Details"],
    "children": [
        {
            "name": "Kernel: dense",
            "data": ["", "", ""],
            "children": [
                {"name": "dense.B1", "data": ["Yes", "~2", "n/a"]},
                {"name": "dense.B2", "data": ["Yes", ">=1", "n/a"]},
            ],
        }
    ],
}
SUMMARY = {
    "performanceSummary": {"children": []},
    "estimatedResources": {
        "columns": ["Kernel Name", "ALUTs ", "FFs  ", "RAMs ", "DSPs "],
        "children": [
            {"name": "dense", "data": [101, 202, 3, 4]},
            {"name": "Board Interface", "data": [899, 1798, 27, 0]},
            {"name": "Total", "data": [1000, 2000, 30, 4]},
            {"name": "Available", "data": [10000, 20000, 300, 40]},
        ],
    },
}
LOOP_ATTRIBUTES = {
    "name": "loop_attributes",
    "nodes": [
        {
            "name": "dense",
            "type": "kernel",
            "children": [
                {"name": "dense.B0", "type": "bb", "ii": "1", "pl": "Yes"},
                {"name": "dense.B1", "type": "loop", "ii": "7", "pl": "Yes", "children": []},
                {"name": "dense.B2", "type": "loop", "ii": "n/a", "pl": "No"},
            ],
        }
    ],
}
QUARTUS_TEXT = """ALUTs: 115664
Registers: 291,106
Logic utilization: 82,696 / 427,200 ( 19 % )
I/O pins: 288 / 826 ( 35 % )
DSP blocks: 8 / 1,518 ( < 1 % )
Memory bits: 5,000,000 / 55,562,240 ( 9 % )
RAM blocks: 2,329 / 2,713 ( 86 % )
Actual clock freq: 170
Kernel fmax: 171.55
1x clock fmax: 171.55
2x clock fmax: 10000
"""
FIT_SUMMARY = """Fitter Status : Successful - Mon Aug  6 17:22:27 2018
Quartus Prime Version : 17.1.1 Build 273 12/19/2017 SJ Pro Edition
Revision Name : top
Family : Arria 10
Device : 10AX115S2F45I2SGES
Timing Models : Final
Logic utilization (in ALMs) : 82,696 / 427,200 ( 19 % )
Total registers : 124820
Total pins : 288 / 826 ( 35 % )
Total block memory bits : 5,000,000 / 55,562,240 ( 9 % )
Total RAM Blocks : 343 / 2,713 ( 13 % )
Total DSP Blocks : 1 / 1,518 ( < 1 % )
"""
STA_SUMMARY = """------------------------------------------------------------
Timing Analyzer Summary
------------------------------------------------------------

Type  : Slow 900mV 100C Model Setup 'kernel_clk'
Slack : 0.278
TNS   : 0.000

Type  : Slow 900mV 0C Model Setup 'kernel_clk'
Slack : -0.311
TNS   : -1.250

Type  : Fast 900mV 0C Model Hold 'kernel_clk'
Slack : -0.900
TNS   : 0.000

------------------------------------------------------------
"""
ONEAPI_PARSED = {
    "report": {
        "HLS": {
            "total": {"alut": 119991, "reg": 141466, "ram": 12, "dsp": 3, "mlab": 50},
            "available": {
                "alut": "974400", "reg": "1948800", "ram": "7110", "dsp": "4510", "mlab": "24360",
            },
        },
        "Loop": {"worstFrequency": "200.0", "worstII": "5", "worstLatency": "11.0"},
    }
}  # fmt: skip
