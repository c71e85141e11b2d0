"""Trees of real reports, where they are there: what becomes of every design and file in them."""

from pathlib import Path

import pytest
from real_data import real_folder

from backends.hls4ml.vendor.backend import VitisBackend, VivadoBackend
from backends.opencl.aoc.backend import AocBackend
from dse.engine.importing import ImportedResult, NotTaken
from dse.engine.report_trees import PathHints, results, unused_files

BACKENDS = (AocBackend(), VitisBackend(), VivadoBackend())
TREES = {  # read, failed by the tools' logs, not taken, files that were not used; counted by eye
    "vivado_hls/ChiRuiChen+AutoEncoder_hls4ml": (1, 0, 0, 4),
    "vivado_hls/Keb-L+hls4ml-data": (2, 0, 0, 0),
    "vivado_hls/RishThakkar+PokerML": (1, 1, 0, 6),
    "vivado_hls/YanLunHuang+full_model": (0, 1, 0, 0),
    "vivado_hls/YanLunHuang+hls4ml_layer": (1, 0, 0, 2),
    "vivado_hls/fastmachinelearning+hls4ml": (1, 0, 0, 1),
    "vivado_hls/pominiq+DNNonSilicon": (1, 0, 0, 1),
    "vitis_hls/LingChiYang+ndt_verified": (0, 0, 1, 0),
    "vitis_hls/SpAllen0726+HG-DREAM-Pulse-Detection-Project": (1, 0, 0, 3),
    "vitis_hls/Tjaz6+embedded_project_ML_HLS": (1, 0, 1, 0),
    "vitis_hls/nycu-pcs-lab+LFADs-model-template": (1, 0, 0, 0),
    "vitis_hls/seanlipps+ECE226_CoDesign": (1, 0, 0, 1),
    "vitis_hls/sharc-lab+HLSFactory": (0, 2, 0, 0),
    "aoc/Vaishnavi3900+filetransfer": (1, 0, 0, 3),
    "aoc/Xtra-Computing+On-the-fly-data-shuffling-for-OpenCL-based-FPGAs": (1, 0, 0, 0),
    "aoc/amithyst+LeNet5_OpenCL_FPGA": (1, 0, 0, 4),
    "aoc/fastmachinelearning+hls4ml": (1, 0, 0, 0),
    "aoc/fingersnail+fccm-ttm-experiments-vlab": (2, 0, 0, 0),
    "aoc/mkarpenkospb+clBool": (3, 0, 0, 3),
    "hls4ml_baselines": (24, 0, 0, 0),
}


@pytest.mark.parametrize("name", TREES)
def test_what_becomes_of_a_tree(name: str) -> None:
    root: Path = real_folder("reports") / name
    found = list(results(BACKENDS, PathHints(root)))
    outcomes = [e.evaluation.outcome for e in found if isinstance(e, ImportedResult)]
    read = [outcome for outcome in outcomes if outcome.failure is None]
    not_taken = [entry for entry in found if isinstance(entry, NotTaken)]
    unused = unused_files(BACKENDS, found, root)
    counts = (len(read), len(outcomes) - len(read), len(not_taken), len(unused))
    assert counts == TREES[name]
    assert all(outcome.metrics for outcome in read)
    assert not any(entry.is_error for entry in not_taken)


def test_hls4mls_own_synthesis_report_keeps_the_cycles() -> None:
    root = real_folder("reports") / "vivado_hls" / "fastmachinelearning+hls4ml" / "Vivado"
    report = VivadoBackend().read({}, root)
    assert report is not None
    found = {m.name: (m.value, m.fidelity.value) for m in report.outcome.metrics}
    assert found["lut"] == (1526, "vsynth")
    assert found["latency_cycles"] == (10, "csynth")
