"""Every design under a folder is found, or named with the reason it was not taken."""

import gzip
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from report_texts import (
    AREA,
    FIT_SUMMARY,
    LOOP_ATTRIBUTES,
    LOOPS,
    ONEAPI_PARSED,
    QUARTUS_TEXT,
    STA_SUMMARY,
    SUMMARY,
    cosim_rpt,
    csynth_rpt,
    csynth_xml,
    export_rpt,
    hls_log,
    parsed_json,
    summary_rpt,
    timing,
    utilisation,
    write,
)

from backends.hls4ml.vendor.backend import VitisBackend, VivadoBackend
from backends.hls4ml.vendor.parts import same_device, spelled
from backends.modelgraph.part_names import bare
from backends.opencl.aoc.backend import AocBackend
from dse.contracts.parameters import Assignment
from dse.engine.importing import ImportedResult, NotTaken
from dse.engine.report_trees import PathHints, read_map, results, unused_files, unused_rows

BACKENDS = (AocBackend(), VitisBackend(), VivadoBackend())
SYN = "myproject_prj/solution1/syn/report/myproject_csynth.xml"


class Tree:
    """What became of the designs and files under a folder."""

    def __init__(
        self, root: Path, solution: str = "", points: Sequence[Assignment] | None = None
    ) -> None:
        hints = PathHints(root, solution=solution)
        self.root = root
        found = list(results(BACKENDS, hints, points))
        self.taken = {self._name(e.folder): e for e in found if isinstance(e, ImportedResult)}
        self.not_taken = {self._name(e.folder): e for e in found if isinstance(e, NotTaken)}
        self.unused = [self._name(p) for p in unused_files(BACKENDS, found, root)]

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def metrics(self, name: str) -> dict[str, tuple[float, str]]:
        outcome = self.taken[name].evaluation.outcome
        assert outcome.failure is None, outcome.failure
        return {m.name: (m.value, m.fidelity.value) for m in outcome.metrics}

    def effective(self, name: str) -> Assignment:
        return self.taken[name].evaluation.outcome.effective

    def point(self, name: str) -> Assignment:
        return self.taken[name].points[0]


def test_resources_of_vivado_without_a_timing_report(tmp_path: Path) -> None:
    """hls4ml's vsynth leaves vivado_synth.rpt alone: cycles and clock are C synthesis' then."""
    write(tmp_path, f"p/{SYN}", csynth_xml())
    write(tmp_path, "p/vivado_synth.rpt", utilisation())
    tree = Tree(tmp_path)
    found = tree.metrics("p")
    assert found["lut"] == (1526, "vsynth")
    assert found["latency_cycles"] == (96, "csynth")
    assert found["clock_slack_ns"] == (pytest.approx(5 - 3.649), "csynth")
    assert tree.point("p")["stage"] == "vsynth"
    assert "no timing report of vsynth" in str(tree.effective("p")["warning"])


def test_projects_below_and_beside_projects(tmp_path: Path) -> None:
    write(tmp_path, f"outer/{SYN}", csynth_xml(lut=1))
    write(tmp_path, "outer/firmware/myproject.h", "")
    write(tmp_path, f"outer/inner/{SYN}", csynth_xml(lut=2))
    write(tmp_path, "outer/inner/firmware/myproject.h", "")
    for number, name in enumerate(("a_prj", "b_prj"), 3):
        write(tmp_path, f"both/{name}/solution1/syn/report/t_csynth.xml", csynth_xml(lut=number))
    tree = Tree(tmp_path)
    luts = {name: tree.metrics(name)["lut"][0] for name in tree.taken}
    assert luts == {"outer": 1, "outer/inner": 2, "both/a_prj": 3, "both/b_prj": 4}
    assert not tree.not_taken
    assert not tree.unused


def test_firmware_does_not_hide_reports(tmp_path: Path) -> None:
    write(tmp_path, "p/firmware/defines.h", "typedef ap_fixed<16,6> model_default_t;")
    write(tmp_path, "p/vitis_hls.log", hls_log())
    write(tmp_path, "p/report/myproject_csynth.rpt", csynth_rpt())
    write(tmp_path, "p/report/vivado_synth.rpt", utilisation())
    tree = Tree(tmp_path)
    assert tree.metrics("p")["lut"] == (1526, "vsynth")
    assert tree.point("p")["total_bits"] == 16
    assert not tree.unused


@pytest.mark.parametrize("name", ["csynth.rpt", "model16_rf4_core.rpt", "synth.rpt", "a.b.txt"])
def test_authors_own_names(tmp_path: Path, name: str) -> None:
    """Content says what a report is, even behind a build log in the same file."""
    write(tmp_path, f"r/{name}", "INFO: csim\n" * 5000 + csynth_rpt(top="net"))
    assert Tree(tmp_path).metrics("r")["latency_cycles"] == (96, "csynth")


def test_several_reports_under_own_names_are_several_designs(tmp_path: Path) -> None:
    for factor in (4, 8):
        write(tmp_path, f"r/model_rf{factor}.rpt", csynth_rpt(lut=factor))
        write(tmp_path, f"v/rf{factor}_util.rpt", utilisation(lut=factor))
        write(tmp_path, f"j/rf{factor}.json", parsed_json())
    tree = Tree(tmp_path)
    assert {name: tree.metrics(name)["lut"] for name in tree.taken} == {
        "r/model_rf4.rpt": (4, "csynth"),
        "r/model_rf8.rpt": (8, "csynth"),
        "v/rf4_util.rpt": (4, "vsynth"),
        "v/rf8_util.rpt": (8, "vsynth"),
        "j/rf4.json": (5678, "csynth"),
        "j/rf8.json": (5678, "csynth"),
    }


def test_reports_of_vivado_alone(tmp_path: Path) -> None:
    write(tmp_path, "v/top_util.rpt", utilisation(state="Routed", device="7z020clg400-1"))
    write(tmp_path, "v/top_timing.rpt", timing(state="Routed", wns=-0.5, period=4.0))
    write(tmp_path, "e/myproject_export.rpt", export_rpt())
    tree = Tree(tmp_path)
    assert tree.metrics("v")["clock_slack_ns"] == (-0.5, "implemented")
    assert tree.point("v") == {
        "part": "7z020clg400-1", "clock_period_ns": 4.0, "stage": "impl",
    }  # fmt: skip
    assert tree.metrics("e")["lut"] == (13003, "vsynth")
    assert tree.metrics("e")["clock_slack_ns"][0] == pytest.approx(5 - 3.907)
    assert tree.taken["e"].evaluation.provenance.tool == "Vivado 2023.2"


def test_what_was_not_used_is_listed(tmp_path: Path) -> None:
    write(tmp_path, "p/myproject_csynth.xml", csynth_xml())
    write(tmp_path, "p/myproject_csynth.rpt", csynth_rpt())
    write(tmp_path, "p/relu_csynth.rpt", csynth_rpt(top="relu"))
    write(tmp_path, "p/design_1_wrapper_util.rpt", utilisation(design="design_1_wrapper"))
    write(tmp_path, "p/project_1.runs/impl_1/design_1_wrapper_util.rpt", utilisation())
    write(tmp_path, "p/notes.rpt", "nothing of a tool")
    write(tmp_path, "p/info.json", '{"name": "of another program"}')
    tree = Tree(tmp_path)
    assert tree.metrics("p")["lut"] == (5678, "csynth")  # a board's design is not the network's
    assert tree.unused == [
        "p/design_1_wrapper_util.rpt",
        "p/myproject_csynth.rpt",
        "p/project_1.runs/impl_1/design_1_wrapper_util.rpt",
        "p/relu_csynth.rpt",
    ]
    assert "is of design_1_wrapper, C synthesis of myproject" in str(tree.effective("p"))


def test_solutions(tmp_path: Path) -> None:
    """Without a choice each is named with its reason; the project's type holds for all."""
    write(tmp_path, "p/firmware/defines.h", "typedef ap_fixed<16,6> model_default_t;")
    write(tmp_path, "p/project.tcl", 'set project_name "t"\nset part "xcvu9p-flgb2104-2-i"\n')
    for number in (1, 2):
        xml = csynth_xml(lut=number, clock=number + 1.0)
        write(tmp_path, f"p/t_prj/solution{number}/syn/report/t_csynth.xml", xml)
    write(tmp_path, "q/myproject_csynth.xml", csynth_xml())
    tree = Tree(tmp_path)
    assert set(tree.taken) == {"q"}
    assert set(tree.not_taken) == {"p/t_prj/solution1", "p/t_prj/solution2"}
    reason = tree.not_taken["p/t_prj/solution1"]
    assert "one of several solutions of a project: solution1, solution2" in reason.reason
    assert "--solution" in reason.hint
    tree = Tree(tmp_path, solution="solution2")
    assert set(tree.taken) == {"p/t_prj/solution2", "q"}
    assert tree.metrics("p/t_prj/solution2")["lut"] == (2, "csynth")
    assert tree.point("p/t_prj/solution2")["clock_period_ns"] == 3.0
    assert tree.point("p/t_prj/solution2")["total_bits"] == 16
    assert set(tree.not_taken) == {"p/t_prj/solution1"}


def test_one_bad_folder_does_not_stop_the_others(tmp_path: Path) -> None:
    write(tmp_path, "a/myproject_csynth.xml", csynth_xml())
    write(tmp_path, "b/hls4ml_config.yml", "- not a mapping")
    write(tmp_path, "b/myproject_csynth.xml", csynth_xml())
    write(tmp_path, "c/project.tcl", 'set part "xcvu9p-flgb2104-2-i"\n')
    write(tmp_path, "c/myproject_csynth.xml", csynth_xml())
    write(tmp_path, "d/myproject_csynth.xml", "<profile>")
    write(tmp_path, "e/x_csynth.xml", csynth_xml(top="x"))
    write(tmp_path, "e/y_csynth.xml", csynth_xml(top="y"))
    tree = Tree(tmp_path)
    assert tree.metrics("a")["lut"] == (5678, "csynth")
    assert "is not a mapping" in tree.not_taken["b"].reason
    assert "part is xcvu9p-flgb2104-2-i" in tree.not_taken["c"].reason
    assert "is not XML" in str(tree.taken["d"].evaluation.outcome.failure)
    assert "which is the top function: x, y" in tree.not_taken["e"].reason


def test_a_part_in_two_spellings_is_one_part(tmp_path: Path) -> None:
    write(tmp_path, "p/hls4ml_config.yml", "Part: xc7z020clg400-1\nClockPeriod: 5\n")
    write(tmp_path, "p/myproject_csynth.xml", csynth_xml(part="xc7z020-clg400-1"))
    write(tmp_path, "q/myproject_csynth.xml", csynth_xml(part="xc7z020clg400-1", lut=7))
    tree = Tree(tmp_path)
    assert not tree.not_taken
    assert tree.point("p")["part"] == tree.point("q")["part"] == "xc7z020-clg400-1"
    study: Assignment = {"part": "xc7z020clg400-1", "clock_period_ns": 5.0}
    assert Tree(tmp_path, points=[study]).point("p") == study


def test_a_run_may_spell_the_part_as_vivado_does(tmp_path: Path) -> None:
    write(tmp_path, "myproject_csynth.xml", csynth_xml(part="xc7z020-clg400-1"))
    for asked, failed in (("xc7z020clg400-1", False), ("xc7z010clg400-1", True)):
        report = VitisBackend().read({"part": asked}, tmp_path)
        assert report is not None
        assert (report.outcome.failure is not None) == failed


@pytest.mark.parametrize(
    ("part", "hyphens"),
    [
        ("xc7z020clg400-1", "xc7z020-clg400-1"),
        ("xc7z007sclg225-1", "xc7z007s-clg225-1"),
        ("xc7z030sbg485-1", "xc7z030-sbg485-1"),
        ("xc7a100tcsg324-1", "xc7a100t-csg324-1"),
        ("xc7a100ticsg324-1L", "xc7a100t-icsg324-1L"),
        ("xc7vx690tffg1761-2", "xc7vx690t-ffg1761-2"),
        ("xcku115-flvb2104-2-i", "xcku115-flvb2104-2-i"),
        ("xczu5ev-sfvc784-2LV-e", "xczu5ev-sfvc784-2LV-e"),
    ],
)
def test_spellings_of_parts(part: str, hyphens: str) -> None:
    assert spelled(part) == spelled(hyphens) == hyphens
    assert bare(part) == bare(hyphens)


def test_vivado_leaves_out_the_end_of_a_part() -> None:
    assert same_device("7z020clg400-1", "xc7z020-clg400-1")
    assert same_device("xczu5evsfvc784-2LV", "xczu5ev-sfvc784-2LV-e")
    assert not same_device("xck26-sfvc784-2LV-c", "xczu5ev-sfvc784-2LV-e")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["ERROR: [HLS 200-478] vivado returned an error"], "vivado returned an error"),
        (["Abnormal program termination (11)"], "Abnormal program termination"),
        (["ERROR: [HLS 200-642] The 'config_array_partition -maximum_size' command"], ""),
        (["ERROR: [X 1-1] before", "***** EXPORT IP COMPLETED IN 0h0m9s *****"], ""),
        ([], ""),
    ],
)
def test_a_log_that_ends_in_an_error(tmp_path: Path, lines: list[str], says: str) -> None:
    """The numbers stay, with a warning; errors that a later stage went past do not count."""
    write(tmp_path, "p/myproject_csynth.xml", csynth_xml())
    write(tmp_path, "p/vitis_hls.log", hls_log(*lines))
    tree = Tree(tmp_path)
    assert tree.metrics("p")["lut"] == (5678, "csynth")
    warning = str(tree.effective("p").get("warning", ""))
    assert (says in warning) if says else not warning


def test_what_is_wrong_behind_c_synthesis_is_a_warning(tmp_path: Path) -> None:
    """A damaged report of a later stage, or of another part or clock, loses no other number."""
    broken = {
        "vivado_synth.rpt": utilisation().replace("1526", "many"),
        "impl_utilization.rpt": utilisation(device="xck26-sfvc784-2LV-c", state="Routed"),
        "myproject_cosim.rpt": cosim_rpt("Fail"),
    }
    for number, (name, text) in enumerate(broken.items()):
        write(tmp_path, f"{number}/myproject_csynth.xml", csynth_xml())
        write(tmp_path, f"{number}/{name}", text)
    write(tmp_path, "3/myproject_csynth.xml", csynth_xml())
    write(tmp_path, "3/vivado_synth.rpt", utilisation())
    write(tmp_path, "3/vsynth_timing.rpt", timing(period=10.0))
    tree = Tree(tmp_path)
    for name in ("0", "1", "2"):
        assert tree.metrics(name)["lut"] == (5678, "csynth")
        assert tree.effective(name)["warning"]
    assert tree.metrics("3")["lut"] == (1526, "vsynth")
    assert tree.metrics("3")["clock_slack_ns"][1] == "csynth"
    assert "for a clock of 10.0 ns" in str(tree.effective("3")["warning"])


def test_links_to_run_folders_are_followed_once(tmp_path: Path) -> None:
    write(tmp_path, "scratch/run7/myproject_csynth.xml", csynth_xml())
    root = tmp_path / "runs"
    write(root, "real/myproject_csynth.xml", csynth_xml(lut=1))
    (root / "away").symlink_to(tmp_path / "scratch" / "run7")
    (root / "again").symlink_to(tmp_path / "scratch" / "run7")
    (root / "latest").symlink_to(root / "real")
    (root / "real" / "up").symlink_to(root)
    (root / "above").symlink_to(tmp_path)
    (root / "lost").symlink_to(tmp_path / "nowhere")
    (root / "one_csynth.xml").symlink_to(tmp_path / "scratch" / "run7" / "myproject_csynth.xml")
    assert set(Tree(root).taken) == {"again", "real"}


def test_reports_parsed_by_hls4ml(tmp_path: Path) -> None:
    vsynth = {"LUT": "1526", "FF": "2428", "BRAM_18K": "2.5", "DSP48E": "66", "URAM": "0"}
    cosim = {"RTL": "Verilog", "Status": "Pass", "LatencyMin": 99, "LatencyMax": 101}
    cosim |= {"IntervalMin": 8, "IntervalMax": 9}
    board = {"TotLUTs": 20000}
    text = parsed_json(VivadoSynthReport=vsynth, CosimReport=cosim, ImplementationReport=board)
    write(tmp_path, "full.json", text)
    write(tmp_path, "Vivado/2020.1/plain.json", parsed_json())
    write(tmp_path, "p/hls4ml_config.yml", "Backend: Vivado\nPart: xc7z020clg400-1\n")
    write(tmp_path, "p/report.json", parsed_json())
    write(tmp_path, "oneapi.json", json.dumps(ONEAPI_PARSED))
    tree = Tree(tmp_path)
    found = tree.metrics("full.json")
    assert found["latency_cycles"] == (101, "rtl")
    assert found["bram_18k"] == (5, "vsynth")  # the JSON counts blocks of 36 Kb
    assert "ImplementationReport" in str(tree.effective("full.json")["warning"])
    backend = {name: entry.evaluation.job.backend for name, entry in tree.taken.items()}
    assert backend == {
        "full.json": "vitis", "Vivado/2020.1/plain.json": "vivado", "p": "vivado",
        "oneapi.json": "aoc",
    }  # fmt: skip
    assert tree.point("p")["part"] == "xc7z020-clg400-1"
    assert tree.metrics("oneapi.json")["worst_ii"] == (5, "csynth")
    assert tree.metrics("oneapi.json")["mlab"] == (50, "csynth")


def test_the_summary_of_vitis_where_there_is_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, "p/csynth.rpt", summary_rpt())
    found = Tree(tmp_path).metrics("p")
    assert found == {
        "latency_cycles": (96, "csynth"), "interval_cycles": (9, "csynth"),
        "lut": (5678, "csynth"), "ff": (1234, "csynth"), "dsp": (296, "csynth"),
        "bram_18k": (4, "csynth"), "uram": (0, "csynth"),
    }  # fmt: skip
    write(tmp_path, "p/myproject_csynth.xml", csynth_xml())
    tree = Tree(tmp_path)
    assert "clock_slack_ns" in tree.metrics("p")
    assert tree.unused == ["p/csynth.rpt"]


def test_the_projects_file_names_the_top(tmp_path: Path) -> None:
    """The wrapper of an accelerator is the design, not the network in it."""
    syn = "myproject_prj/solution1/syn/report"
    write(tmp_path, f"{syn}/myproject_csynth.xml", csynth_xml(lut=1))
    write(tmp_path, f"{syn}/myproject_axi_csynth.xml", csynth_xml(top="myproject_axi", lut=2))
    assert Tree(tmp_path).metrics(".")["lut"] == (1, "csynth")
    app = '<AutoPilot:project name="myproject_prj" top="myproject_axi"></AutoPilot:project>'
    write(tmp_path, "myproject_prj/vivado_hls.app", app)
    assert Tree(tmp_path).metrics(".")["lut"] == (2, "csynth")


def test_what_aoc_prints_is_no_design_but_is_kept(tmp_path: Path) -> None:
    printed = "; Estimated Resource Usage Summary ;\n; ALUTs              ; 19% ;\n"
    write(tmp_path, "a/report/k.log", printed)
    write(tmp_path, "a/acl_quartus_report.txt", QUARTUS_TEXT)
    write(tmp_path, "b/k.log", printed)
    tree = Tree(tmp_path)
    assert tree.effective("a")["printed_estimate_pct"] == {"ALUTs": 19}
    assert set(tree.taken) == {"a"}
    assert tree.unused == ["b/k.log"]


def aoc_json(folder: Path, **trees: Any) -> None:
    for name, tree in trees.items():
        write(folder, f"reports/lib/json/{name}.json", json.dumps(tree))


def test_quartus_beside_a_folder_of_kernels_or_of_reports(tmp_path: Path) -> None:
    write(tmp_path, "kernels/acl_quartus_report.txt", QUARTUS_TEXT)
    write(tmp_path, "kernels/device/conv.cl", "kernel void conv() {}")
    write(tmp_path, "one/acl_quartus_report.txt", QUARTUS_TEXT)
    aoc_json(tmp_path / "one" / "device", area=AREA, loops=LOOPS)
    aoc_json(tmp_path / "two", area=AREA)
    aoc_json(tmp_path / "two" / "device", area=AREA | {"total": [9, 9, 9, 9]})
    tree = Tree(tmp_path)
    assert tree.metrics("kernels")["kernel_fmax_mhz"] == (171.55, "implemented")
    assert tree.metrics("one")["alut"] == (115664, "implemented")
    assert tree.metrics("one")["worst_ii"] == (2, "csynth")
    assert tree.metrics("two")["alut"] == (1000, "csynth")
    assert tree.metrics("two/device")["alut"] == (9, "csynth")
    assert set(tree.taken) == {"kernels", "one", "two", "two/device"}


def test_a_lower_bound_of_an_interval_counts(tmp_path: Path) -> None:
    rows = LOOPS["children"][0]["children"]  # type: ignore[index]
    loops = LOOPS | {"children": [{"name": "k", "data": ["", "", ""], "children": rows[1:]}]}
    aoc_json(tmp_path / "a", area=AREA, loops=loops)
    tree = Tree(tmp_path)
    assert tree.metrics("a")["worst_ii"] == (1, "csynth")
    assert tree.effective("a")["loops"] == {"0 dense.B2": ">=1"}


def test_summary_and_loop_attributes_stand_for_area_and_loops(tmp_path: Path) -> None:
    aoc_json(tmp_path / "a", summary=SUMMARY, loop_attr=LOOP_ATTRIBUTES)
    write(tmp_path, "own/conv_area.json", json.dumps(AREA))
    tree = Tree(tmp_path)
    assert tree.metrics("a")["alut"] == (1000, "csynth")
    assert tree.metrics("a")["worst_ii"] == (7, "csynth")
    assert tree.effective("a")["resources"]["dense"]["dsp_block"] == 4  # type: ignore[index, call-overload]
    assert tree.metrics("own")["dsp_block"] == (4, "csynth")


def test_quartus_summaries(tmp_path: Path) -> None:
    write(tmp_path, "q/output_files/top.fit.summary", FIT_SUMMARY)
    write(tmp_path, "q/output_files/top.sta.summary", STA_SUMMARY)
    write(tmp_path, "failed/top.fit.summary", FIT_SUMMARY.replace("Successful", "Failed"))
    tree = Tree(tmp_path)
    found = tree.metrics("q")
    assert found["register"] == (124820, "implemented")
    assert found["ram_block"] == (343, "implemented")
    assert found["clock_slack_ns"] == (-0.311, "implemented")  # setup only, over all models
    assert "alut" not in found
    assert tree.taken["q"].evaluation.provenance.tool == "Quartus Prime 17.1.1 Build 273"
    assert "Fitter Status" in str(tree.taken["failed"].evaluation.outcome.failure)


def test_a_damaged_report_of_aoc_leaves_the_others(tmp_path: Path) -> None:
    aoc_json(tmp_path / "a", area=AREA | {"total": ["?", 1, 1, 1]}, loops=LOOPS)
    write(tmp_path, "a/acl_quartus_report.txt", QUARTUS_TEXT)
    aoc_json(tmp_path / "b", area=AREA | {"total": ["?", 1, 1, 1]})
    tree = Tree(tmp_path)
    assert tree.metrics("a")["alut"] == (115664, "implemented")
    assert "total ALUTs is '?'" in str(tree.effective("a")["warning"])
    assert "total ALUTs is '?'" in str(tree.taken["b"].evaluation.outcome.failure)


def test_zipped_logs_and_reports(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "vivado_hls.log.gz").write_bytes(gzip.compress(hls_log().encode()))
    (tmp_path / "p" / "synth.rpt.gz").write_bytes(gzip.compress(csynth_rpt().encode()))
    assert Tree(tmp_path).metrics("p")["lut"] == (5678, "csynth")


def test_damaged_files_of_every_kind_end_in_typed_errors(tmp_path: Path) -> None:
    for number, raw in enumerate((b"", b"\x1f\x8b\x08broken", b"\xff\xfe", b"{", b"<profile")):
        for name in ("myproject_csynth.xml.gz", "acl_quartus_report.txt", "report_data.js"):
            (tmp_path / f"{number}{name}").mkdir()
            (tmp_path / f"{number}{name}" / name).write_bytes(raw)
    tree = Tree(tmp_path)
    assert len(tree.taken) + len(tree.not_taken) == 15
    assert all(entry.evaluation.outcome.failure for entry in tree.taken.values())


def test_what_is_no_regular_file_is_not_read(tmp_path: Path) -> None:
    """A pipe named as a report would be waited for without end."""
    write(tmp_path, f"p/{SYN}", csynth_xml())
    os.mkfifo(tmp_path / "p" / "other_csynth.rpt")
    tree = Tree(tmp_path)
    assert list(tree.taken) == ["p"]
    assert tree.unused == []


def test_folders_whose_names_are_not_utf_8_are_named(tmp_path: Path) -> None:
    """No database and no table keeps such a name; the others are read."""
    odd = Path(os.fsdecode(b"odd_\xff"))
    write(tmp_path, f"good/{SYN}", csynth_xml())
    write(tmp_path, f"{odd}/{SYN}", csynth_xml())
    tree = Tree(tmp_path)
    assert list(tree.taken) == ["good"]
    refused = tree.not_taken[str(odd)]
    assert "UTF-8" in refused.reason
    assert "rename" in refused.hint
    assert tree.unused == []


def test_rows_of_a_map_name_designs_by_any_path_or_are_told(tmp_path: Path) -> None:
    """`--list` writes absolute paths, and a row that is misspelt is not lost without a word."""
    root, file = tmp_path / "tree", tmp_path / "map.csv"
    for name in "ab":
        write(root, f"{name}/{SYN}", csynth_xml())
    file.write_text(f"path,reuse_factor\na,2\n{root / 'b'},4\nc,8\n")
    hints = PathHints(root, rows=read_map(file), map_name="map.csv")
    found = list(results(BACKENDS, hints))
    taken = {e.folder.name: e.points[0]["reuse_factor"] for e in found if hasattr(e, "points")}
    assert taken == {"a": 2, "b": 4}
    assert unused_rows(hints, found) == ["c"]


def test_what_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("open", "closed", "kept"):
        write(tmp_path, f"{name}/{SYN}", csynth_xml())
    scandir, access = os.scandir, os.access

    def refusing(path: Any) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)  # root may read everything
    monkeypatch.setattr(os, "access", lambda p, mode: "kept" not in str(p) and access(p, mode))
    tree = Tree(tmp_path)
    assert "open" in tree.taken
    assert set(tree.not_taken) == {"closed", f"kept/{SYN}"}
    assert {entry.reason for entry in tree.not_taken.values()} == {"may not be read"}
