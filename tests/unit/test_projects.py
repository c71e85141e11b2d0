"""What HLS projects say of themselves, whole and damaged."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.hls4ml.vendor.describe import CONFIG, PARAMETERS, built_layers, describe
from backends.hls4ml.vendor.places import find_places
from backends.hls4ml.vendor.project import firmware_digest, locate_reports
from dse.runtime.report_files import ReportError

YML = """
Backend: Vivado
ClockPeriod: 5
HLSConfig:
  LayerName:
    fc1: {ReuseFactor: 3, Strategy: Resource, Precision: {weight: 'ap_fixed<8,4>'}}
    fc1_relu: {ReuseFactor: 3, Strategy: Resource}
  Model:
    Precision: ap_fixed<16,6,AP_RND,AP_SAT>
    ReuseFactor: 1
    Strategy: Latency
KerasModel: !keras_model model.keras
Part: xcku115-flvb2104-2-i
"""
TCL = 'set part "xcku115-flvb2104-2-i"\nvariable clock_period\nset clock_period 5.0\n'
OLD_TCL = "set_part {xcku115-flvb2104-2-i}\ncreate_clock -period 4.5 -name default\n"
DEFINES = "typedef ap_fixed<16,6> model_default_t;\ntypedef ap_fixed<9,3> layer2_t;\n"
LAYER = """// {name}
struct {struct} : nnet::dense_config {{
    static const unsigned strategy = nnet::{strategy};
    static const unsigned reuse_factor = {reuse};
}};

"""
RELU = "// relu\nstruct relu_config3 : nnet::activ_config {\n    reuse_factor = 77;\n};\n"


def layers(*reuse: int) -> str:
    found = [
        LAYER.format(name=f"fc{i}", struct=f"config{i}", strategy="resource", reuse=value)
        for i, value in enumerate(reuse, 1)
    ]
    return "".join(found) + RELU


def project(folder: Path, **files: str) -> Path:
    names = {"yml": CONFIG, "tcl": "project.tcl", "old": "build_prj.tcl"}
    names |= {"defines": "firmware/defines.h", "parameters": PARAMETERS}
    for key, text in files.items():
        path = folder / names[key]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def said(folder: Path) -> dict[str, set[Any]]:
    found: dict[str, set[Any]] = {}
    for name, value, _ in describe(folder):
        found.setdefault(name, set()).add(value)
    return found


def test_a_configuration(tmp_path: Path) -> None:
    assert said(project(tmp_path, yml=YML)) == {
        "total_bits": {16},
        "integer_bits": {6},
        "rounding": {"RND"},
        "overflow": {"SAT"},
        "reuse_factor": {3},  # of all layers; the model's own default is not used
        "strategy": {"resource"},
        "part": {"xcku115-flvb2104-2-i"},
        "clock_period_ns": {5.0},
    }


def test_layers_that_differ_say_nothing(tmp_path: Path) -> None:
    text = YML.replace("fc1_relu: {ReuseFactor: 3", "fc1_relu: {ReuseFactor: 4")
    assert "reuse_factor" not in said(project(tmp_path, yml=text))


def test_scripts_old_and_new(tmp_path: Path) -> None:
    assert said(project(tmp_path, tcl=TCL, old=OLD_TCL)) == {
        "part": {"xcku115-flvb2104-2-i"},
        "clock_period_ns": {5.0, 4.5},  # the caller finds the contradiction
    }


def test_headers_alone(tmp_path: Path) -> None:
    folder = project(tmp_path, defines=DEFINES, parameters=layers(8, 8))
    assert said(folder) == {
        "total_bits": {16},
        "integer_bits": {6},
        "reuse_factor": {8},
        "strategy": {"resource"},
    }
    assert "reuse_factor" not in said(project(tmp_path, parameters=layers(8, 4)))


def test_what_was_built_is_no_contradiction_but_a_difference(tmp_path: Path) -> None:
    """hls4ml corrects reuse factors; the header has what it made of them."""
    folder = project(tmp_path, yml=YML, parameters=layers(4))
    assert said(folder)["reuse_factor"] == {3}
    built: Any = built_layers(folder)
    assert built["layers"]["fc1"] == {
        "requested": {"reuse_factor": "3", "strategy": "resource"},
        "effective": {"reuse_factor": "4", "strategy": "resource"},
    }
    assert built_layers(project(tmp_path / "other", yml=YML)) == {}


@pytest.mark.parametrize("text", ["", "[", "- 1", "ReuseFactor", "HLSConfig: {Model: 5}\n"])
def test_configurations_that_are_none(tmp_path: Path, text: str) -> None:
    with contextlib.suppress(ReportError):
        assert said(project(tmp_path, yml=text)) == {}


def test_a_value_that_is_no_number(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="clock_period_ns is 'fast'") as caught:
        said(project(tmp_path, yml=YML.replace("ClockPeriod: 5", "ClockPeriod: fast")))
    assert CONFIG in caught.value.where


TEXTS = {"yml": YML, "tcl": TCL, "old": OLD_TCL, "defines": DEFINES, "parameters": layers(3, 3)}


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), key=st.sampled_from(sorted(TEXTS)))
def test_damage_gives_the_typed_error_or_an_answer(tmp_path: Path, data: Any, key: str) -> None:
    text = TEXTS[key]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 40, len(text))))
    damaged = text[:start] + data.draw(st.text(max_size=6)) + text[end:]
    folder = project(tmp_path, **TEXTS)
    file = folder / {"yml": CONFIG, "tcl": "project.tcl", "old": "build_prj.tcl"}.get(
        key, {"defines": "firmware/defines.h", "parameters": PARAMETERS}.get(key, "")
    )
    file.write_bytes(damaged.encode("utf-8", "surrogatepass"))
    with contextlib.suppress(ReportError):
        list(describe(folder))
    with contextlib.suppress(ReportError):
        built_layers(folder)


def reports(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    return folder


SYN = "myproject_prj/solution1/syn/report"


def test_the_top_function_is_found_among_modules(tmp_path: Path) -> None:
    names = [f"{SYN}/{n}_csynth.{e}" for n in ("dense", "myproject") for e in ("xml", "rpt")]
    files = locate_reports(reports(tmp_path, *names))
    assert files.csynth == tmp_path / SYN / "myproject_csynth.xml"
    flat = locate_reports(reports(tmp_path / "flat", "relu_csynth.xml", "myproject_csynth.rpt"))
    assert flat.csynth == tmp_path / "flat" / "myproject_csynth.rpt"


def test_what_is_ambiguous_is_said(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="which is the top function: a, b"):
        locate_reports(reports(tmp_path / "tops", "a_csynth.xml", "b_csynth.xml"))
    two = [f"p_prj/{n}/syn/report/p_csynth.xml" for n in ("solution1", "solution2")]
    with pytest.raises(ReportError, match="has several solutions: p_prj/solution1, p_prj/sol"):
        locate_reports(reports(tmp_path / "two", *two))


def test_every_project_is_found_once(tmp_path: Path) -> None:
    reports(tmp_path / "a", f"{SYN}/myproject_csynth.xml", "vivado_hls.log", "x.txt")
    reports(tmp_path / "a", "sub/relu_csynth.rpt")  # below a project, and not hidden by it
    reports(tmp_path / "deep" / "b", "myproject_csynth.rpt")
    reports(tmp_path / "deep" / "b" / "z", f"{SYN}/myproject_csynth.xml")  # below a collection
    reports(tmp_path / "c", "vitis_hls.log")
    reports(tmp_path / "nothing", "readme.txt")
    found = [str(path.relative_to(tmp_path)) for path in find_places(tmp_path)]
    assert found == ["a", "a/sub", "c", "deep/b", "deep/b/z"]
    assert list(find_places(tmp_path / "c")) == [tmp_path / "c"]


def test_two_forms_of_one_report_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="keep one"):
        locate_reports(reports(tmp_path, "top_csynth.xml", "top_csynth.xml.gz"))
    assert locate_reports(reports(tmp_path / "other", "t_csynth.xml", "t_csynth.xml.bak")).csynth


def test_aliases_cannot_keep_the_reader_busy(tmp_path: Path) -> None:
    bomb = "a0: &a0 [x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10)
    )
    with pytest.raises(ReportError, match="more than"):
        said(project(tmp_path, yml=bomb))


def test_firmware_is_told_apart_by_content_not_by_place(tmp_path: Path) -> None:
    first = project(tmp_path / "a", defines=DEFINES, parameters=layers(3), tcl=TCL)
    second = project(tmp_path / "b", defines=DEFINES, parameters=layers(3), tcl=TCL, yml=YML)
    assert firmware_digest(first) == firmware_digest(second)
    (second / PARAMETERS).write_text(layers(4))
    assert firmware_digest(first) != firmware_digest(second)
