"""Real aoc reports of public projects, where they are there: values checked by eye."""

import json
from pathlib import Path
from typing import Any

import pytest
from real_data import real_folder

from backends.opencl.aoc.backend import AocBackend
from backends.opencl.aoc.javascript import loads, variables
from backends.opencl.aoc.oneapi import OneApiReports
from backends.opencl.aoc.reports import AocReports, estimated_percent
from backends.opencl.aoc.usage import Usage
from dse.analysis.utilisation import capacity_of_evaluation, share_factor
from dse.runtime.report_files import read_text

XTRA = "Xtra-Computing+On-the-fly-data-shuffling-for-OpenCL-based-FPGAs"
AREAS = {  # version, total, what is available, one kernel as the summary report has it
    XTRA: ("", Usage(165192, 362235, 2413, 40), 469440, None),
    "amithyst+LeNet5_OpenCL_FPGA": (
        "18.1.0 Build 625", Usage(45277, 59752, 259, 35), 109572,
        ("conv2d", (15601, 19567, 70, 15)),
    ),
    "fingersnail+fccm-ttm-experiments-vlab/conv3-64": (
        "17.1.1 Build 273", Usage(246188, 486089, 946, 320), 740500, None,
    ),
    "mkarpenkospb+clBool/08511213": (
        "17.1.1 Build 273", Usage(74506, 142748, 224, 1), 787600, ("aplusb", (3585, 3797, 40, 1)),
    ),
    "mkarpenkospb+clBool/2fc001e5/fpga_reports/add_last_report": (
        "20.4.0 Build 72", Usage(168180, 295447, 1683, 13, 704), 854400,
        ("merge", (59469, 73229, 1053, 0)),
    ),
    "Vaishnavi3900+filetransfer": (
        "2022.1.0 Build 96.2", Usage(191675, 376789, 598, 123, 41), 854400,
        ("'lambda'(auto)", (2946, 5605, 26, 0)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", AREAS)
def test_area(name: str) -> None:
    version, total, available, kernel = AREAS[name]
    reports = AocReports(real_folder("reports") / "aoc" / name)
    area, info = reports.area(), reports.info()
    assert area is not None
    assert (area.total, area.available.alut) == (total, available)
    assert (info.version if info else "") == version
    if kernel is not None:
        found = area.kernels[kernel[0]]
        counts = (found.alut, found.register, found.ram_block, found.dsp_block)
        assert [round(count or 0) for count in counts] == list(kernel[1])


FITS = {
    XTRA: (Usage(115664, 291106, 2329, 8), 171.55),
    "fingersnail+fccm-ttm-experiments-vlab": (Usage(107051, 124820, 343, 1), 234.85),
    "mkarpenkospb+clBool/2fc001e5/fpga_reports/add_last_report": (
        Usage(None, 146217, 1319, 14), 225.27,
    ),
    "mkarpenkospb+clBool/2fc001e5/fpga_reports/prefix_sum": (
        Usage(None, 70894, 304, 14), 258.26,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FITS)
def test_fit(name: str) -> None:
    fit = AocReports(real_folder("reports") / "aoc" / name).fit()
    assert fit is not None
    assert (fit.used, fit.kernel_fmax_mhz) == FITS[name]


def test_before_a_fit_there_is_none() -> None:
    assert AocReports(real_folder("reports") / "aoc" / "Vaishnavi3900+filetransfer").fit() is None


def test_loops() -> None:
    folder = real_folder("reports") / "aoc"
    old = AocReports(folder / XTRA).loops()
    assert (len(old), max(loop.ii or 0 for loop in old)) == (37, 2)
    many = AocReports(folder / "fingersnail+fccm-ttm-experiments-vlab/conv3-64").loops()
    assert all(loop.approximate for loop in many[:3])
    serialised = AocReports(folder / "amithyst+LeNet5_OpenCL_FPGA").loops()
    assert [loop.ii for loop in serialised] == [52628672, 52628672]


def test_the_printed_estimate() -> None:
    log = real_folder("reports") / "aoc" / XTRA / "report" / "graph_fpga.log"
    found = estimated_percent(log)
    assert found["Logic utilization"] == 72
    assert found["DSP blocks"] == 16
    reading = AocBackend().read({}, log.parents[1])
    assert reading is not None
    assert reading.outcome.effective["printed_estimate_pct"] == found


def test_scripts_and_json_files_agree() -> None:
    compared = 0
    for script in sorted((real_folder("reports") / "aoc").rglob("report_data.js*")):
        values = variables(script, read_text(script))
        for name in ("area", "loops"):
            for file in (script.parent / "json").glob(f"{name}.json*"):
                first, second = (json.dumps(v) for v in (loads(read_text(file)), values[name]))
                assert first.replace("\\", "") == second.replace("\\", "")  # quotes differ
                compared += 1
    assert compared >= 8


def test_every_design_is_found_and_read() -> None:
    root: Path = real_folder("reports") / "aoc"
    backend = AocBackend()
    found = list(backend.find(root))
    assert {str(folder.relative_to(root)) for folder in found} >= {
        *AREAS,
        *FITS,
        "fastmachinelearning+hls4ml/oneAPI",
    }
    for folder in found:
        reading = backend.read({}, folder)
        assert reading is not None
        assert reading.outcome.failure is None, folder
    described = backend.describe(root / "amithyst+LeNet5_OpenCL_FPGA")
    assert described["board"][0].value == "de10_nano_sharedonly"


def test_oneapi() -> None:
    folder = real_folder("reports") / "aoc" / "fastmachinelearning+hls4ml" / "oneAPI"
    reports = OneApiReports(folder)
    area, fit = reports.area(), reports.fit()
    assert area is not None
    assert fit is not None
    assert area.total == Usage(2462, 7938, 77, 0, 92)
    assert area.available == Usage(974400, 1948800, 7110, 4510, 24360)
    assert area.kernels["bias_t)"] == Usage(2134, 4436, 71, 0, 87)
    assert set(area.kernels) == {"relu_config3>()", "bias_t)", "Myproject"}
    assert fit.kernel_fmax_mhz == 597.73
    assert [(loop.pipelined, loop.ii) for loop in reports.loops()] == [(True, 1)] * 3
    reading = AocBackend().read({}, folder)
    assert reading is not None
    assert reading.outcome.failure is None


def test_shares_are_of_the_arria_10() -> None:
    folder = real_folder("reports") / "aoc" / "fingersnail+fccm-ttm-experiments-vlab/conv3-64"
    reading = AocBackend().read({}, folder)
    assert reading is not None
    told: Any = reading.outcome.effective["available"]
    holds = capacity_of_evaluation("", told)
    values = {metric.name: metric.value for metric in reading.outcome.metrics}
    for count, percent in (("dsp_block", 100 * 320 / 1518), ("alut", 100 * 246188 / 854400)):
        factor = share_factor(count, holds)
        assert factor is not None
        assert values[count] * factor == pytest.approx(percent)
