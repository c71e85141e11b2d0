"""Real reports of public projects, where they are there: values checked by eye.

XML and text of one run are read by different code and must agree.
"""

from pathlib import Path

import pytest
from real_data import real_folder

from backends.hls4ml.reports.cosim import read_cosim
from backends.hls4ml.reports.csynth import Timing, Used, read_csynth
from backends.hls4ml.reports.export import read_export
from backends.hls4ml.reports.log import read_log
from backends.hls4ml.reports.vivado import read_timing_summary, read_utilisation
from backends.hls4ml.vendor.failures import recognise
from dse.analysis.utilisation import capacity, part_problem
from dse.runtime.report_files import ReportError, read_text

CSYNTH = {
    "vivado_hls/fastmachinelearning+hls4ml/Vivado/myproject_csynth": (
        "2020.1", "xc7z020-clg400-1", 4.049, Timing(10, 10, 8, 8), Used(2532, 7969, 73, 0, 0),
    ),
    "vivado_hls/RishThakkar+PokerML/projects/qat_hls4ml_prj_Rank/myproject_csynth": (
        "2019.2", "xczu5ev-sfvc784-2LV-e", 4.375, Timing(467632, 467633, 12290, 466946),
        Used(43396, 58897, 16, 47, 0),
    ),
    "vivado_hls/ChiRuiChen+AutoEncoder_hls4ml/myproject_csynth": (
        "2019.2.1", "xc7z020-clg400-1", 4.429, Timing(96014, 96165, 4625, 95949),
        Used(33365, 51414, 118, 285, 0),
    ),
    "vivado_hls/YanLunHuang+hls4ml_layer/myproject_csynth": (
        "2019.2", "xczu9eg-ffvb1156-2-e", 0.785, Timing(12323, 12323, 12324, 12324),
        Used(1737, 823, 0, 0, 0),
    ),
    "vivado_hls/pominiq+DNNonSilicon/hls4ml_prj/myproject_csynth": (
        "2020.1", "xc7z020-clg400-1", 18.982, Timing(14409, 14409, 14403, 14403),
        Used(415081, 682850, 1170, 293, 0),
    ),
    "vitis_hls/seanlipps+ECE226_CoDesign/model_1/hls4ml_prj/myproject_csynth": (
        "2024.1", "xcu250-figd2104-2L-e", 3.53, Timing(395, 395, 390, 390),
        Used(17966, 7123, 467, 29, 0),
    ),
    "vitis_hls/SpAllen0726+HG-DREAM-Pulse-Detection-Project/HLS_models/myproject_csynth": (
        "2023.1", "xczu49dr-ffvf1760-2-e", 3.649, Timing(695, 695, 578, 578),
        Used(339116, 65881, 29, 332, 0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", [".xml", ".rpt"])
@pytest.mark.parametrize("name", CSYNTH)
def test_csynth(name: str, kind: str) -> None:
    found = read_csynth(real_folder("reports") / f"{name}{kind}")
    version, part, clock, timing, used = CSYNTH[name]
    assert (found.version, found.part, found.estimated_clock_ns) == (version, part, clock)
    assert found.timing == timing
    assert found.used == used


def test_the_oldest_layout_of_text() -> None:
    name = "vivado_hls/Keb-L+hls4ml-data/latency_analysis/core/model16/csynth/model16_rf4_core.rpt"
    found = read_csynth(real_folder("reports") / name)
    assert (found.version, found.target_clock_ns) == ("2018.2", 5.0)
    assert found.timing == Timing(3300, 3300, 801, 3201)
    assert found.used == Used(225438, 163333, 4962, 2473, 0)
    assert found.available == Used(1182240, 2364480, 6840, 4320, 960)


def test_modules_of_a_whole_design() -> None:
    name = "vitis_hls/seanlipps+ECE226_CoDesign/model_1/hls4ml_prj/csynth.xml.gz"
    found = read_csynth(real_folder("reports") / name)
    assert len(found.modules) == 13
    softmax = next(m for n, m in found.modules.items() if n.startswith("softmax_array"))
    assert softmax.timing.latency_max == 8


UTILISATION = {
    "vivado_hls/fastmachinelearning+hls4ml/Vivado/vivado_synth.rpt": (
        "2020.1", "Synthesized", Used(1526, 2428, 66, 0, 0),
    ),
    "vivado_hls/Keb-L+hls4ml-data/latency_analysis/core/model16/vsynth/"
    "myproject_utilization_synth.rpt": (
        "2018.2", "Synthesized", Used(130031, 108200, 4962, 160, 0),
    ),
    "vitis_hls/nycu-pcs-lab+LFADs-model-template/vivado_synth.rpt": (
        "2022.2", "Synthesized", Used(179437, 227971, 2058, 502, 0),
    ),
    "vitis_hls/seanlipps+ECE226_CoDesign/model_1/hls4ml_prj/vivado_utilization.rpt": (
        "2024.1", "Routed", Used(7722, 4864, 467, 24, 0),
    ),
    "vivado_hls/RishThakkar+PokerML/projects/qat_hls4ml_prj_Rank/impl_1/"
    "design_1_wrapper_utilization_placed.rpt": (
        "2023.2", "Fully Placed", Used(21156, 46139, 13, 62, 0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UTILISATION)
def test_utilisation(name: str) -> None:
    found = read_utilisation(real_folder("reports") / name)
    assert (found.version, found.state, found.used) == UTILISATION[name]


def test_timing() -> None:
    folder = real_folder("reports") / "vivado_hls"
    routed = read_timing_summary(
        folder / "RishThakkar+PokerML/projects/qat_hls4ml_prj_Rank/impl_1"
        "/design_1_wrapper_timing_summary_routed.rpt.gz"
    )
    assert (routed.state, routed.wns_ns, routed.tns_ns, routed.period_ns) == (
        "Routed", 2.532, 0.0, 10.0,
    )  # fmt: skip
    paths = read_timing_summary(
        folder / "Keb-L+hls4ml-data/latency_analysis/core/model16/vsynth/myproject_timing_synth.rpt"
    )
    assert paths.achieved_period_ns == pytest.approx(3.907)  # as its export report says


COSIM = {
    "vivado_hls/YanLunHuang+hls4ml_layer/myproject_cosim.rpt": (True, 12323),
    "vivado_hls/YanLunHuang+full_model/_cosim.rpt": (False, None),
    "vitis_hls/SpAllen0726+HG-DREAM-Pulse-Detection-Project/HLS_models/myproject_cosim.rpt": (
        False, None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COSIM)
def test_cosim(name: str) -> None:
    found = read_cosim(real_folder("reports") / name)
    assert (found.passed, found.timing.latency_max) == COSIM[name]


def test_export() -> None:
    """HLS's summary of Vivado agrees with Vivado's own reports of the same run."""
    folder = real_folder("reports") / "vivado_hls/Keb-L+hls4ml-data/latency_analysis/core/model16"
    found = read_export(folder / "vsynth/myproject_export.rpt")
    assert (found.part, found.routed, found.achieved_ns) == ("xcvu9p-flgb2104-2-i", False, 3.907)
    same = read_utilisation(folder / "vsynth/myproject_utilization_synth.rpt").used
    assert (found.used.lut, found.used.ff, found.used.dsp) == (same.lut, same.ff, same.dsp)
    assert found.used.bram_18k == same.bram_18k == 160


LOGS = {
    "vivado_hls/ChiRuiChen+AutoEncoder_hls4ml/vivado_hls.log.gz": (
        "2019.2.1", {"csim": 18.0, "csynth": 113.0, "export": 11.0}, None,
    ),
    "vivado_hls/RishThakkar+PokerML/projects/qat_hls4ml_prj/vivado_hls.log": (
        "2019.2", {}, "there is no result of C synthesis",
    ),
    "vivado_hls/YanLunHuang+full_model/vivado_hls.log": (
        "2019.2", {"csim": 223.0}, "there is no result of C synthesis",
    ),
    "vivado_hls/YanLunHuang+hls4ml_layer/firmware/vivado_hls.log": (
        "2019.2.1", {}, "did not find its script",
    ),
    "vitis_hls/nycu-pcs-lab+LFADs-model-template/vitis_hls.log": ("2022.2", {}, None),
    "vitis_hls/Tjaz6+embedded_project_ML_HLS/vitis_hls.log": ("", {"export": 20.72}, None),
    "vitis_hls/sharc-lab+HLSFactory/NeuroFPGA_Project/symbolic_HLS/vitis_hls.log": (
        "2024.1.2", {"csynth": 718.0, "cosim": 274.0, "export": 2756.0}, "Vivado failed in a run",
    ),
    "vitis_hls/sharc-lab+HLSFactory/arati_ganesh_ece8893_spring25_lab2/vitis_hls.log": (
        "2024.2.2", {"export": 1126.0}, "the tool crashed",
    ),
    "vitis_hls/LingChiYang+ndt_verified/vitis_hls.log.gz": ("2023.2", {"csim": 123.0}, None),
}  # fmt: skip


@pytest.mark.parametrize("name", LOGS)
def test_logs(name: str) -> None:
    """Stages that were completed, and what went wrong; an ERROR line alone means nothing."""
    path = real_folder("reports") / name
    version, seconds, failure = LOGS[name]
    found = read_log(path)
    assert (found.version, found.seconds) == (version, seconds)
    known = recognise(read_text(path))
    assert (known is None) == (failure is None)
    assert known is None or (failure or "") in known[0].message


def test_every_report_is_read() -> None:
    """None of the shared reports of these kinds is left out or refused."""
    folder: Path = real_folder("reports")
    read = 0
    for file in sorted(folder.rglob("*")):
        name = file.name.removesuffix(".gz")
        for ending, reader in (
            ("csynth.xml", read_csynth),
            ("csynth.rpt", read_csynth),
            ("cosim.rpt", read_cosim),
            ("utilization_synth.rpt", read_utilisation),
            ("utilization_placed.rpt", read_utilisation),
            ("vivado_synth.rpt", read_utilisation),
            ("vivado_utilization.rpt", read_utilisation),
        ):
            if name.endswith(ending):
                reader(file)
                read += 1
    assert read >= 30


def test_the_table_of_parts_agrees_with_the_tools() -> None:
    """What csynth reports say is available in their part."""
    folder = real_folder("reports")
    seen = set()
    for file in sorted(folder.rglob("*csynth.xml*")):
        try:
            report = read_csynth(file)
        except ReportError:  # a report of a single module
            continue
        if part_problem(report.part):
            continue
        counts = capacity(report.part).counts
        assert Used(**{name: int(count) for name, count in counts.items()}) == report.available
        seen.add(report.part.split("-")[0])
    assert {"xc7z020", "xcu250", "xczu5ev", "xczu9eg", "xczu49dr", "xczu3eg"} <= seen
