"""Packages of circuits: they stand alone, and their testbench sees what is wrong."""

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import golden_designs as golden
import needs
import pytest
from packages import design, tiny
from stream_networks import NETWORKS

from backends.openhls import toolchain
from backends.openhls.package import writing
from backends.openhls.package.contents import contents
from backends.openhls.package.design import Design
from backends.openhls.package.job import write_package
from backends.openhls.package.verilog import readable
from backends.openhls.pnr.constants import settle_constants
from backends.openhls.pnr.netlist import routed_verilog
from backends.openhls.pnr.ports import ports_of
from dse.contracts.errors import EvaluationError, FailureKind

PARTS = {
    "ecp5": "LFE5U-12F-6BG381C",
    "himbaechel-gowin": "GW1NR-LV9QN88PC6/I5",
    "nexus": "LIFCL-17-8BG256C",
}
CASES = ("parallel_r1", "parallel_r4", "graph", "stream")


@pytest.fixture
def icarus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Icarus, which needs no compiler: the same testbench in a second, not in ten."""
    tool = toolchain.Tool("iverilog", "11.0", (str(shutil.which("iverilog")),), "PATH")
    monkeypatch.setattr(toolchain, "simulator", lambda: tool)


def case(name: str, folder: Path) -> Design:
    if name == "graph":
        inputs = golden.graph_inputs()
        return design(golden.interaction_network(), inputs, folder, total_bits=9, integer_bits=3,
                      reuse_factor=3)  # fmt: skip
    if name == "stream":
        network, x = NETWORKS["skip"]()
        return design(network, [x[:6]], folder, total_bits=8, integer_bits=4, io_type="io_stream",
                      reuse_factor=3)  # fmt: skip
    reuse = int(name.removeprefix("parallel_r"))
    return design(*tiny(), folder, total_bits=7, integer_bits=3, reuse_factor=reuse)


def edited(package: Path, file: str, old: str, new: str) -> None:
    text = (package / file).read_text()
    assert len(re.findall(old, text)) >= 1, old
    (package / file).write_text(re.sub(old, new, text, count=1))


@needs.icarus
@pytest.mark.parametrize("name", CASES)
def test_outputs_are_bittrue_whatever_waits(name: str, tmp_path: Path, icarus: None) -> None:
    made = case(name, tmp_path)
    (tmp_path / "package").mkdir()
    (said,) = write_package(made, tmp_path / "package")
    assert int(said.split()[4]) > made.samples
    if made.interface.latency is not None:
        assert f"latency {made.interface.latency} cycles" in said
        assert f"interval {made.circuit.interval} cycles" in said


@needs.simulator
def test_verilator_and_a_clean_environment(tmp_path: Path) -> None:
    """`make sim` and `make check` find all they need in the package and on a bare PATH."""
    made, package = case("parallel_r4", tmp_path), tmp_path / "package"
    package.mkdir()
    write_package(made, package)
    if not {"verilator", "make"} <= {name for name in ("verilator", "make") if _system(name)}:
        pytest.skip("no Verilator among the programs of the system")
    for goal in ("check", "sim", "check"):
        answer = subprocess.run(
            ["make", goal], cwd=package, capture_output=True, text=True, check=False,
            env={"PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        assert answer.returncode == 0, answer.stdout + answer.stderr
        assert goal == "check" or "PASS" in answer.stdout


def _system(name: str) -> bool:
    return shutil.which(name, path="/usr/bin:/bin") is not None


@needs.icarus
@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("vectors/expected.hex", r"^(.*)(.)\n", r"\g<1>x\n", "expected"),  # an unknown digit
        ("rtl/network_axis.v", r"reserved != SLOTS", "1'b1", "round [234]"),
        ("rtl/network_axis.v", r"pause <= INTERVAL - 1", "pause <= 0", "round 0"),
        ("rtl/network_axis.v", r"SLOTS = (\d+)", "SLOTS = 1", "latency or interval"),
    ],
)
def test_the_testbench_sees_what_is_wrong(
    file: str, old: str, new: str, told: str, tmp_path: Path, icarus: None
) -> None:
    made, package = case("parallel_r4", tmp_path), tmp_path / "package"
    writing.write(contents(made), package)
    edited(package, file, old, new)
    with pytest.raises(EvaluationError) as caught:
        writing.simulate(package)
    assert caught.value.kind is FailureKind.TOOL_FAILED
    assert re.search(told, caught.value.log), caught.value.log
    assert "FAIL" in caught.value.log


@needs.icarus
def test_the_same_bytes_again(tmp_path: Path, icarus: None) -> None:
    found = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        write_package(case("parallel_r1", tmp_path / f"project_{name}"), folder)
        found.append({p.relative_to(folder): p.read_bytes() for p in folder.rglob("*.*")})
    assert found[0] == found[1]
    assert not any(str(tmp_path).encode() in content for content in found[0].values())


def test_comments_apart_it_is_the_verilog_that_was_counted(tmp_path: Path) -> None:
    made = case("graph", tmp_path)
    text = readable(made)
    bare = [line for line in text.splitlines() if line and not line.startswith("//")]
    assert bare == [line for line in made.text.splitlines() if line]
    assert "//   message: " in text
    assert "// used by message (7)" in text


@pytest.mark.skipif(shutil.which("tclsh") is None, reason="tclsh is not installed")
def test_the_script_for_vivado_is_tcl(tmp_path: Path) -> None:
    """Vivado is not here: its commands are recorded, with their arguments as Tcl splits them."""
    package = tmp_path / "package"
    writing.write(contents(case("parallel_r1", tmp_path)), package)
    record = "proc unknown args { puts [join $args |]; return 0 }; source constraints/vivado.tcl"
    answer = subprocess.run(
        ["tclsh"], input=record, cwd=package, capture_output=True, text=True, check=True,
        env=dict(os.environ),
    )  # fmt: skip
    commands = answer.stdout.splitlines()
    assert "read_verilog|rtl/network.v rtl/network_axis.v" in commands
    part = "synth_design|-top|network_axis|-part|xcku115-flvb2104-2-i|-mode|out_of_context"
    assert part in commands
    assert (package / "constraints/clock.xdc").read_text().split()[4] == "5"
    assert all((package / file).is_file() for file in ("rtl/network.v", "constraints/clock.xdc"))


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not installed")
@needs.icarus
def test_checksums_are_of_everything(tmp_path: Path, icarus: None) -> None:
    package = tmp_path / "package"
    package.mkdir()
    write_package(case("parallel_r1", tmp_path), package)
    listed = {line.split("  ")[1] for line in (package / "SHA256SUMS").read_text().splitlines()}
    files = {p.relative_to(package).as_posix() for p in package.rglob("*") if p.is_file()}
    assert listed == files - {"SHA256SUMS"}
    subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=package, check=True)


@needs.icarus
@pytest.mark.parametrize(
    ("name", "part"),
    [
        pytest.param(name, part, marks=(needs.nextpnr(name), *more))
        for (name, part), more in zip(PARTS.items(), ((), (pytest.mark.slow,), ()), strict=True)
    ],
)
def test_every_family_is_routed_by_make(name: str, part: str, tmp_path: Path, icarus: None) -> None:
    """Of the families without memories in the circuit the testbench passes with what was routed."""
    package, (yosys, nextpnr) = tmp_path / "package", (toolchain.yosys(), toolchain.nextpnr(name))
    made = design(*tiny(), tmp_path, part, total_bits=6, integer_bits=3, reuse_factor=4)
    writing.write(contents(made), package)
    assert yosys is not None
    assert nextpnr is not None
    commands = {"YOSYS": yosys.command, "NEXTPNR": nextpnr.command}
    writing.make(package, "pnr", **{key: shlex.join(words) for key, words in commands.items()})
    told = (package / "build/make_pnr.log").read_text()
    clock = re.search(r"Max frequency for clock .*aclk.*: ([\d.]+) MHz \(\w+ at 200.00 MHz\)", told)
    assert clock is not None
    assert float(clock[1]) > 50
    if name == "ecp5":
        assert '"REG_OUTPUT_CLK": "CLK0"' in (package / "build/network_axis.ready.json").read_text()
    else:
        replaced(package, made)
        writing.simulate(package)


def replaced(package: Path, made: Design) -> None:
    """Put the routed netlist in the place of the Verilog."""
    mapped, routed = (package / f"build/network_axis.{kind}" for kind in ("json", "pnr.json"))
    settle_constants(mapped, "network_axis")
    ports, design = ports_of(mapped, "network_axis"), json.loads(routed.read_text())
    (module,) = design["modules"].values()
    for port, found in ports.items():
        if port in module["netnames"]:
            module["netnames"][f"port_{found['bits'][0]}"] = module["netnames"][port]
    routed.write_text(json.dumps(design))
    text = routed_verilog(routed, ports, made.target.family)
    (package / "rtl/network_axis.v").write_text(
        text.replace("module network ", "module network_axis ")
    )
    (package / "rtl/network.v").write_text("")
