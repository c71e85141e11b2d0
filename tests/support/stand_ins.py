"""Stand-ins for vendor tools: same command lines, same files, same texts, same ways to fail."""

import stat
import sys
from pathlib import Path

HLS = """#!{python}
import os, pathlib, re, sys, time
name = pathlib.Path(sys.argv[0]).name
if sys.argv[1:] in (["--version"], ["-version"]):
    print("****** " + name + " v2023.2 (64-bit)")
    sys.exit(0)
script = next(a for a in sys.argv if a.endswith("build_prj.tcl"))
assert pathlib.Path(script).is_file(), "no script"
project = pathlib.Path("project.tcl").read_text()
part = re.search(r'set part "([^"]+)"', project).group(1)
clock = re.search(r"set clock_period ([0-9.]+)", project).group(1)
options = pathlib.Path("build_opt.tcl").read_text()
cosim = re.search(r"cosim +1", options) is not None
fails = os.environ.get("STAND_IN_FAILS", "")
print("INFO: [HLS 200-10] Running '" + name + "'")
print("ERROR: [HLS 200-642] The 'config_array_partition -maximum_size' command is not supported.")
print("***** C/RTL SYNTHESIS *****", flush=True)
time.sleep(float(os.environ.get("STAND_IN_SLEEPS", "0")))
texts = dict(
    all_in_use="ERROR: [Common 17-346] Licensed number of users already reached.",
    licence="ERROR: [Common 17-345] A valid license was not found for feature 'Synthesis'",
    part="ERROR: [HLS 200-1023] Part '" + part + "' is not installed.",
    unroll="ERROR: [XFORM 203-504] Stop unrolling loop 'Product1' in function 'dense' because",
    memory="terminate called after throwing an instance of 'std::bad_alloc'",
    disk="couldn't write file: No space left on device",
    crash="Abnormal program termination (11)",
    csim="ERROR: [SIM 211-100] CSim failed with errors.",
    script="ERROR [AP-1] Could not read script 'build_prj.tcl'.",
    unknown="ERROR: [HLS 999-1] Something nobody has seen",
)
if fails in texts:
    print(texts[fails])
    print("INFO: [Common 17-206] Exiting " + name)
    sys.exit(0 if fails == "part" else 1)
if fails == "killed":
    os.kill(os.getpid(), 9)
report = pathlib.Path("myproject_prj/solution1/syn/report")
report.mkdir(parents=True)
used = "<BRAM_18K>4</BRAM_18K><DSP>296</DSP><FF>1234</FF><LUT>5678</LUT><URAM>0</URAM>"
have = "<BRAM_18K>4320</BRAM_18K><DSP>5520</DSP><FF>1326720</FF><LUT>663360</LUT><URAM>0</URAM>"
built = "xc7z020-clg400-1" if fails == "other part" else part
latency = "undef" if fails == "varies" else "96"
xml = (
    "<profile><ReportVersion><Version>2023.2</Version></ReportVersion><UserAssignments>"
    "<unit>ns</unit><Part>" + built + "</Part><TopModelName>myproject</TopModelName>"
    "<TargetClockPeriod>" + clock + "</TargetClockPeriod>"
    "<ClockUncertainty>1.35</ClockUncertainty></UserAssignments><PerformanceEstimates>"
    "<SummaryOfTimingAnalysis><unit>ns</unit><EstimatedClockPeriod>3.649"
    "</EstimatedClockPeriod></SummaryOfTimingAnalysis><SummaryOfOverallLatency>"
    "<Best-caseLatency>95</Best-caseLatency><Worst-caseLatency>" + latency +
    "</Worst-caseLatency><Interval-min>8</Interval-min><Interval-max>9</Interval-max>"
    "</SummaryOfOverallLatency></PerformanceEstimates><AreaEstimates><Resources>" + used +
    "</Resources><AvailableResources>" + have + "</AvailableResources></AreaEstimates></profile>"
)
(report / "myproject_csynth.xml").write_text(xml[:400] if fails == "truncated" else xml)
if cosim:
    folder = pathlib.Path("myproject_prj/solution1/sim/report")
    folder.mkdir(parents=True)
    status = "Fail" if fails == "cosim" else "Pass"
    if fails == "cosim":
        print("ERROR: [COSIM 212-4] *** C/RTL co-simulation finished: FAIL ***")
    (folder / "myproject_cosim.rpt").write_text(
        "+-+-+-+-+-+-+-+-+\\n|RTL|Status|min|avg|max|min|avg|max|\\n+-+-+-+-+-+-+-+-+\\n"
        "|VHDL|NA|NA|NA|NA|NA|NA|NA|\\n|Verilog|" + status + "|101|101|102|NA|NA|NA|\\n"
        "+-+-+-+-+-+-+-+-+\\n"
    )
print("***** C/RTL SYNTHESIS COMPLETED IN 0h0m1s *****")
"""

VIVADO = """#!{python}
import os, pathlib, re, sys
if sys.argv[1:] == ["-version"]:
    print("Vivado v2023.2 (64-bit)")
    sys.exit(0)
assert sys.argv[1:4] == ["-mode", "batch", "-source"], sys.argv
script = pathlib.Path(sys.argv[4]).read_text()
stage = re.search(r"-file (\\w+)_utilization.rpt", script).group(1)
part = re.search(r"set_part (\\S+)", script).group(1)
if ("route_design" in script) != (stage == "impl"):
    sys.exit("stage and script differ")
if os.environ.get("STAND_IN_FAILS") == "vivado":
    print("ERROR: [Place 30-640] Place Check : This design requires more LUT cells than are")
    sys.exit(1)
head = "| Tool Version : Vivado v.2023.2 (lin64) Build 1\\n| Device : " + part + "\\n"
head += "| Design State : " + ("Routed" if stage == "impl" else "Synthesized") + "\\n\\n"
rows = [("CLB LUTs", 3000), ("CLB Registers", 1000), ("RAMB36/FIFO", 2), ("RAMB18", 1)]
rows += [("DSPs", 290), ("URAM", 2)]
body = "".join("| %s | %d | 0 | 9 | 1 |\\n" % row for row in rows)
rule = "+-+-+-+-+-+\\n"
table = rule + "| Site Type | Used | Fixed | Available | Util% |\\n" + rule + body + rule
pathlib.Path(stage + "_utilization.rpt").write_text(head + table)
slack = "-0.500" if stage == "impl" else "0.700"
pathlib.Path(stage + "_timing.rpt").write_text(
    head + "WNS(ns) TNS(ns)\\n------- -------\\n" + slack + " 0.000\\n"
    "  Requirement:            5.000ns\\n"
)
"""


AOC = """#!{python}
import json, os, pathlib, sys
if sys.argv[1:] == ["-version"]:
    print("Intel(R) FPGA SDK for OpenCL(TM), 64-Bit Offline Compiler")
    print("Version 20.4.0 Build 72")
    sys.exit(0)
source = next(pathlib.Path(a) for a in sys.argv[1:] if a.endswith(".cl"))
out = pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
full = out.suffix == ".aocx"
assert full != ("-rtl" in sys.argv), sys.argv
text = source.read_text()
assert "#define BITS" in text and "__kernel" in text
fails = os.environ.get("STAND_IN_FAILS", "")
if fails == "error":
    print("Error: device.cl:3: use of undeclared identifier 'x'")
    sys.exit(1)
if fails == "nothing":
    sys.exit(0)
folder = pathlib.Path("device/reports/lib/json")
folder.mkdir(parents=True)
columns = ["", "ALUTs", "FFs", "RAMs", "DSPs", "MLABs", "Details"]
rows = [[85440, 170880, 271, 64, 4], [1000, 2000, 3, 4, 0]]
kernel = dict(name="dense", type="function", children=[
    dict(name="Function overhead", type="resource", data=rows[1]),
    dict(name="dense.B0", type="basicblock", children=[dict(name="x", data=[10, 20, 0, 60, 0])])])
area = dict(columns=columns, total=rows[0], max_resources=[854400, 1708800, 2713, 1518, 42720],
            children=[kernel])
loops = dict(columns=["", "Pipelined", "II", "Speculated iterations", "Details"], children=[
    dict(name="Kernel: dense", data=["", "", ""], children=[
        dict(name="dense.B1", data=["Yes", "~2", "n/a"]),
        dict(name="dense.B2", data=["No", "n/a", "n/a"])])])
target = "Arria 10, 10AX115S2F45I2SGES, a10gx:a10gx"
node = dict(version="20.4.0 Build 72", family=target, command=" ".join(["aoc", *sys.argv[1:]]))
fmax = "231.50" if full else "TBD"
clock = {"name": "Clock", "kernel clock fmax": fmax, "type": "system"}
used = dict(type="aclsystem", alm="9", alut="80,000", reg="150,000", ram="300", dsp="60", mlab="5")
files = dict(area=area, loops=loops, info=dict(compileInfo=dict(nodes=[node])),
             quartus=dict(quartusFitClockSummary=dict(nodes=[clock]),
                          quartusFitResourceUsageSummary=dict(nodes=[used])))
for name, tree in files.items():
    content = json.dumps(tree)
    (folder / (name + ".json")).write_text(content[:40] if fails == "truncated" else content)
if full:
    lines = ("Type  : Slow 900mV 100C Model Setup 'kernel_clk'", "Slack : 0.104", "TNS   : 0.000")
    pathlib.Path("device/top.sta.summary").write_text("\\n".join(lines) + "\\n")
out.write_text("binary")
print("aoc: Compilation done")
"""


def install(folder: Path, names: tuple[str, ...] = ("vitis-run", "vivado")) -> Path:
    """Put stand-ins into a folder that can go on PATH."""
    folder.mkdir(exist_ok=True)
    for name in names:
        source = {"vivado": VIVADO, "aoc": AOC}.get(name, HLS)
        program = folder / name
        program.write_text(source.replace("{python}", sys.executable))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return folder
