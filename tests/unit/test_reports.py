"""Report readers on reports written here, whole, damaged and mixed up; nothing but one error."""

import contextlib
import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.hls4ml.reports.cosim import read_cosim
from backends.hls4ml.reports.csynth import Timing, Used, read_csynth
from backends.hls4ml.reports.export import read_export
from backends.hls4ml.reports.log import parse_log, read_log
from backends.hls4ml.reports.vivado import read_timing_summary, read_utilisation
from dse.runtime.report_files import ReportError

XML = """<profile>
<ReportVersion><Version>2023.2</Version></ReportVersion>
<UserAssignments><unit>ns</unit><Part>xcku115-flvb2104-2-i</Part><TopModelName>top</TopModelName>
<TargetClockPeriod>5.00</TargetClockPeriod><ClockUncertainty>1.35</ClockUncertainty>
</UserAssignments>
<PerformanceEstimates>
<SummaryOfTimingAnalysis><unit>ns</unit><EstimatedClockPeriod>3.649</EstimatedClockPeriod>
</SummaryOfTimingAnalysis>
<SummaryOfOverallLatency><Best-caseLatency>95</Best-caseLatency>
<Worst-caseLatency>96</Worst-caseLatency><Interval-min>8</Interval-min>
<Interval-max>9</Interval-max></SummaryOfOverallLatency>
</PerformanceEstimates>
<AreaEstimates>
<Resources><BRAM_18K>4</BRAM_18K><DSP>296</DSP><FF>1234</FF><LUT>5678</LUT></Resources>
<AvailableResources><BRAM_18K>4320</BRAM_18K><DSP>5520</DSP><FF>1326720</FF><LUT>663360</LUT>
<URAM>0</URAM></AvailableResources>
</AreaEstimates>
<ModuleInformation><Module><Name>dense</Name><PerformanceEstimates><SummaryOfOverallLatency>
<Best-caseLatency>12</Best-caseLatency><Worst-caseLatency>undef</Worst-caseLatency>
<PipelineInitiationInterval><range><min>1</min><max>8</max></range></PipelineInitiationInterval>
</SummaryOfOverallLatency></PerformanceEstimates><AreaEstimates><Resources>
<BRAM_18K>0</BRAM_18K><DSP>8</DSP><FF>1</FF><LUT>2</LUT><URAM>3</URAM>
</Resources></AreaEstimates></Module></ModuleInformation>
</profile>
"""
TEXT = """
== Vitis HLS Report for 'top'
* Version:        2023.2 (Build 1)
* Target device:  xcku115-flvb2104-2-i
    +--------+---------+----------+------------+
    |  Clock |  Target | Estimated| Uncertainty|
    +--------+---------+----------+------------+
    |ap_clk  |  5.00 ns|  3.649 ns|     1.35 ns|
    +--------+---------+----------+------------+

    +---------+---------+----------+----------+-----+-----+----------+
    |  Latency (cycles) |  Latency (absolute) |  Interval | Pipeline |
    |   min   |   max   |    min   |    max   | min | max |   Type   |
    +---------+---------+----------+----------+-----+-----+----------+
    |       95|       96|  0.475 us|  0.480 us|    8|    9|  dataflow|
    +---------+---------+----------+----------+-----+-----+----------+

+---------------------+---------+-------+---------+---------+------+
|         Name        | BRAM_18K|  DSP  |    FF   |   LUT   | URAM |
+---------------------+---------+-------+---------+---------+------+
|Instance             |        4|    296|     1234|     5678|     -|
+---------------------+---------+-------+---------+---------+------+
|Total                |        4|    296|     1234|     5678|     0|
+---------------------+---------+-------+---------+---------+------+
|Available SLR        |     2160|   2760|   663360|   331680|     0|
+---------------------+---------+-------+---------+---------+------+
|Available            |     4320|   5520|  1326720|   663360|     0|
+---------------------+---------+-------+---------+---------+------+
"""
COSIM = """
+----------+----------+-----------------------+-----------------------+
|          |          |        Latency        |        Interval       |
+   RTL    +  Status  +-----------------------+-----------------------+
|          |          |  min  |  avg  |  max  |  min  |  avg  |  max  |
+----------+----------+-----------------------+-----------------------+
|      VHDL|        NA|     NA|     NA|     NA|     NA|     NA|     NA|
|   Verilog|      Pass|     95|     95|     97|      8|      8|     NA|
+----------+----------+-----------------------+-----------------------+
"""
UTILISATION = """
| Tool Version : Vivado v.2023.2 (lin64) Build 1
| Device       : xcku115-flvb2104-2-i
| Design State : Routed
+----------------------------+------+-------+------------+-----------+-------+
|          Site Type         | Used | Fixed | Prohibited | Available | Util% |
+----------------------------+------+-------+------------+-----------+-------+
| CLB LUTs*                  | 1526 |     0 |          0 |    663360 |  0.23 |
| CLB Registers              | 2428 |     0 |          0 |   1326720 |  0.18 |
+----------------------------+------+-------+------------+-----------+-------+

+-------------------+------+-------+------------+-----------+-------+
|     Site Type     | Used | Fixed | Prohibited | Available | Util% |
+-------------------+------+-------+------------+-----------+-------+
| Block RAM Tile    |  2.5 |     0 |          0 |      2160 |  0.12 |
|   RAMB36/FIFO*    |    2 |     0 |          0 |      2160 |  0.09 |
|   RAMB18          |    1 |     0 |          0 |      4320 |  0.02 |
| DSPs              |   66 |     0 |          0 |      5520 |  1.20 |
+-------------------+------+-------+------------+-----------+-------+
"""
TIMING = """
| Tool Version      : Vivado v.2023.2 (lin64) Build 1
| Design State      : Routed
    WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints
    -------      -------  ---------------------  -------------------
     -0.532       -1.250                      3               109487

  Requirement:            5.000ns  (ap_clk rise@5.000ns - ap_clk rise@0.000ns)
"""
PATHS = """
| Tool Version      : Vivado v.2018.2 (lin64) Build 1
Slack (MET) :             1.093ns  (required time - arrival time)
  Requirement:            5.000ns  (ap_clk rise@5.000ns - ap_clk rise@0.000ns)
"""
EXPORT = """
Implementation tool: Xilinx Vivado v.2019.2
Project:             myproject_prj
Device target:       xcku115-flvb2104-2-i
Report date:         Mon Jan 01 10:00:00 UTC 2024

#=== Post-Implementation Resource usage ===
SLICE:            0
LUT:          13003
FF:           10820
DSP:            496
BRAM:             7
SRL:           1510
#=== Final timing ===
CP required:    5.000
CP achieved post-synthesis:    3.907
CP achieved post-implementation:    5.107
Timing not met
"""
LOG = """
****** Vitis HLS - High-Level Synthesis from C, C++ and OpenCL v2023.2 (64-bit)
INFO: [HLS 200-10] Running 'vitis_hls'
ERROR: [HLS 200-642] The 'config_array_partition -maximum_size' command is not supported.
***** C SIMULATION *****
***** C SIMULATION COMPLETED IN 1h2m3s *****
***** C/RTL SYNTHESIS *****
INFO: [HLS 200-111] Finished Command csynth_design CPU user time: 122.05 seconds. CPU system time: \
0.7 seconds. Elapsed time: 123.5 seconds; current allocated memory: 1.0 MB
***** C/RTL SYNTHESIS COMPLETED IN 0h2m3s *****
***** EXPORT IP *****
INFO: [Common 17-206] Exiting vitis_hls
""".replace("\\\n", "")
READERS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "csynth.xml": (read_csynth, XML),
    "csynth.rpt": (read_csynth, TEXT),
    "cosim.rpt": (read_cosim, COSIM),
    "utilization.rpt": (read_utilisation, UTILISATION),
    "timing.rpt": (read_timing_summary, TIMING),
    "export.rpt": (read_export, EXPORT),
}


def read(folder: Path, name: str, text: str | bytes) -> Any:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return READERS[name.removesuffix(".gz")][0](file)


@pytest.mark.parametrize("name", ["csynth.xml", "csynth.rpt"])
def test_csynth(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, name, READERS[name][1])
    assert (found.version, found.part, found.top) == ("2023.2", "xcku115-flvb2104-2-i", "top")
    assert (found.target_clock_ns, found.estimated_clock_ns) == (5.0, 3.649)
    assert found.uncertainty_ns == 1.35
    assert found.timing == Timing(95, 96, 8, 9)
    assert found.used == Used(lut=5678, ff=1234, dsp=296, bram_18k=4, uram=0)
    assert found.available == Used(lut=663360, ff=1326720, dsp=5520, bram_18k=4320, uram=0)


def test_modules_of_a_design(tmp_path: Path) -> None:
    module = read(tmp_path, "csynth.xml", XML).modules["dense"]
    assert module.timing == Timing(12, None, 1, 8)
    assert module.used == Used(lut=2, ff=1, dsp=8, bram_18k=0, uram=3)


def test_older_names_of_dsp_slices(tmp_path: Path) -> None:
    assert read(tmp_path, "csynth.xml", XML.replace("DSP>", "DSP48E>")).used.dsp == 296


def test_cosim(tmp_path: Path) -> None:
    found = read(tmp_path, "cosim.rpt", COSIM)
    assert (found.language, found.passed) == ("Verilog", True)
    assert found.timing == Timing(95, 97, 8, None)
    assert not read(tmp_path, "cosim.rpt", COSIM.replace("Pass", "Fail")).passed


def test_block_ram_counts_in_halves(tmp_path: Path) -> None:
    """36 Kb and 18 Kb blocks are never mixed: 2 and 1 are 5 of 18 Kb."""
    found = read(tmp_path, "utilization.rpt", UTILISATION)
    assert found.used == Used(lut=1526, ff=2428, dsp=66, bram_18k=5, uram=0)
    assert (found.version, found.state) == ("2023.2", "Routed")


def test_slack_and_the_period_it_allows(tmp_path: Path) -> None:
    found = read(tmp_path, "timing.rpt", TIMING)
    assert (found.wns_ns, found.tns_ns, found.period_ns) == (-0.532, -1.25, 5.0)
    assert found.achieved_period_ns == pytest.approx(5.532)
    path = read(tmp_path, "timing.rpt", PATHS)
    assert (path.wns_ns, path.tns_ns, path.achieved_period_ns) == (1.093, None, 3.907)


def test_export(tmp_path: Path) -> None:
    """Counts are of the design as it was routed; the last clock achieved counts."""
    found = read(tmp_path, "export.rpt", EXPORT)
    assert (found.version, found.part, found.routed) == ("2019.2", "xcku115-flvb2104-2-i", True)
    assert found.used == Used(lut=13003, ff=10820, dsp=496, bram_18k=7, uram=0)
    assert (found.required_ns, found.achieved_ns) == (5.0, 5.107)
    synthesised = EXPORT.replace("CP achieved post-implementation:    5.107\n", "")
    found = read(tmp_path, "export.rpt", synthesised)
    assert (found.routed, found.achieved_ns) == (False, 3.907)


def test_log() -> None:
    found = parse_log(LOG)
    assert found.version == "2023.2"
    assert found.seconds == {"csim": 3723.0, "csynth": 123.0}
    assert found.running == "export"  # begun, never completed: the exit line says nothing
    assert len(found.errors) == 1
    assert found.elapsed_s == 3846.0


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("Finished Command cosim_design Elapsed time: 00:04:34; Allocated", {"cosim": 274.0}),
        ("Finished Command export_design CPU. Elapsed time: 20.72 seconds;", {"export": 20.72}),
        ("Finished Command open_project Elapsed time: 1 seconds;", {}),
        ("***** SOMETHING NEW COMPLETED IN 0h0m1s *****", {}),
    ],
)
def test_both_ways_a_log_counts_time(line: str, seconds: dict[str, float]) -> None:
    assert parse_log(f"INFO: [HLS 200-111] {line}" if "Fin" in line else line).seconds == seconds


def test_what_vivado_is_at() -> None:
    assert parse_log("Command: synth_design -top t\nCommand: place_design\n").running == (
        "place_design"
    )


def test_the_total_of_the_tool_wins() -> None:
    total = "INFO: [HLS 200-112] Total elapsed time: 145.65 seconds; peak allocated memory: 8 MB."
    assert parse_log(f"{LOG}{total}\n").elapsed_s == 145.65


def test_an_empty_log_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("")
    with pytest.raises(ReportError, match="is empty"):
        read_log(tmp_path / "log")


def test_zipped_reports_are_read(tmp_path: Path) -> None:
    assert read(tmp_path, "csynth.xml.gz", gzip.compress(XML.encode())).used.lut == 5678
    with pytest.raises(ReportError, match="cannot be read"):
        read(tmp_path, "csynth.xml.gz", gzip.compress(XML.encode())[:100])


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("<LUT>5678</LUT>", "AreaEstimates/Resources/LUT is missing"),
        ("<Part>xcku115-flvb2104-2-i</Part>", "UserAssignments/Part is missing"),
        ("<Interval-max>9</Interval-max>", "Interval-max is missing"),
        ("<EstimatedClockPeriod>3.649</EstimatedClockPeriod>", "EstimatedClockPeriod is None"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, field: str, names: str) -> None:
    with pytest.raises(ReportError, match=names) as caught:
        read(tmp_path, "csynth.xml", XML.replace(field, ""))
    assert "csynth.xml" in caught.value.where


@pytest.mark.parametrize(("old", "new"), [("5678<", "-1<"), ("5678<", "1e3<"), (">96<", "><")])
def test_what_is_no_number_is_no_zero(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(ReportError):
        read(tmp_path, "csynth.xml", XML.replace(old, new))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("csynth.xml", XML.replace(">5.00<", ">0.00<")),
        ("csynth.xml", XML.replace(">5.00<", ">-5.00<")),
        ("csynth.rpt", re.sub(r"(\|\s*ap_clk\s*\|\s*)5\.00", r"\g<1>0.00", TEXT)),
    ],
)
def test_a_target_clock_of_0_is_none(tmp_path: Path, name: str, text: str) -> None:
    """Latencies in ns that follow from it would be 0."""
    assert text not in (XML, TEXT)
    with pytest.raises(ReportError, match=rf"{name}.*target clock period is -?\d"):
        read(tmp_path, name, text)


@pytest.mark.parametrize("name", READERS)
def test_no_file_an_empty_one_and_another_kind(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReportError, match="cannot be read"):
        READERS[name][0](tmp_path / name)
    with pytest.raises(ReportError, match="is empty"):
        read(tmp_path, name, " \n")
    for other, (_, text) in READERS.items():
        if other != name:
            with pytest.raises(ReportError):
                read(tmp_path, name, text)


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_gives_the_typed_error_or_a_report(tmp_path: Path, name: str, data: Any) -> None:
    raw = READERS[name][1].encode()
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(start + 60, len(raw))))
    damaged = raw[:start] + data.draw(st.binary(max_size=8)) + raw[end:]
    if data.draw(st.booleans()):
        damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    with contextlib.suppress(ReportError):
        read(tmp_path, name, damaged)
