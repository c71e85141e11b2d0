"""The whole path of a user with a licence, and of one whose farm is elsewhere.

Stand-ins take the tools' place: same command lines, files, texts and ways to fail.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import bare
import pytest
from stand_ins import install

from backends.openhls.backend import OpenBackend

JETS = Path(__file__).parents[2] / "studies" / "jets"
DSE = [sys.executable, "-m", "dse.cli.main"]
STUDY = """
name: s
workload: {name: keras, model: jets/model.keras, test_set: jets/test.npz, max_samples: 60}
space: {total_bits: 8, integer_bits: 4, reuse_factor: [16, 32]}
backends: [%s]
objectives: [latency_ns, lut]
"""


class Answer(subprocess.CompletedProcess[str]):
    @property
    def said(self) -> str:
        return " ".join((self.stdout + self.stderr).split())


Dse = Callable[..., Answer]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network is read once."""
    return tmp_path_factory.mktemp("shared") / "cache"


@pytest.fixture
def dse(tmp_path: Path, cache: Path) -> Dse:
    shutil.copytree(JETS, tmp_path / "jets")
    shutil.rmtree(cache / "synthesis", ignore_errors=True)
    (tmp_path / "s.yaml").write_text(STUDY % "vitis")
    path = f"{install(tmp_path / 'bin')}{os.pathsep}{os.environ['PATH']}"

    def call(*arguments: object, **environment: str) -> Answer:
        env = os.environ | {"PATH": path, "DSE_CACHE": str(cache), "COLUMNS": "160"} | environment
        done = subprocess.run(
            [*DSE, *map(str, arguments)],
            cwd=tmp_path, env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return Answer(done.args, done.returncode, done.stdout, done.stderr)

    return call


def run(dse: Dse, **environment: str) -> Answer:
    return dse("run", "s.yaml", "--executor", "serial", **environment)


@pytest.mark.skipif(not OpenBackend().probe().available, reason="yosys or verilator is missing")
def test_csynth_and_open_stand_side_by_side(dse: Dse, tmp_path: Path) -> None:
    study = (STUDY % "vitis, open").replace("[16, 32]", "64").replace("bits: 8", "bits: 5")
    (tmp_path / "s.yaml").write_text(study)
    answer = run(dse)
    assert answer.returncode == 0, answer.stderr
    rows = [
        [cell.strip() for cell in line.split("│")] for line in dse("show", 0).stdout.split("\n")
    ]
    lut = {row[5]: row[6] for row in rows if len(row) > 6 and row[1] == "lut"}
    assert lut == {"csynth": "vitis", "rtl": "open"}
    assert "Vitis HLS 2023.2" in dse("show", 0).stdout


def test_a_full_disk_is_stored_and_the_next_run_goes_on(dse: Dse, tmp_path: Path) -> None:
    answer = run(dse, STAND_IN_FAILS="disk")
    assert answer.returncode == 7
    assert "disk_full: 2" in answer.said
    assert "the disk is full" in dse("failures").stdout
    again = run(dse)
    assert again.returncode == 0
    assert "2 evaluations done" in again.said
    assert "0 evaluations done, 2 were stored" in run(dse).said


def test_what_would_fail_again_is_not_tried_again(dse: Dse) -> None:
    assert "invalid_point: 2" in run(dse, STAND_IN_FAILS="unroll").said
    again = run(dse)
    assert "0 evaluations done, 2 were stored" in again.said
    assert "2 of the stored ones are failures" in again.said
    assert "2 evaluations done" in dse("run", "s.yaml", "--rerun", "failed").said


def test_by_way_of_a_farm_results_come_to_the_same_points(dse: Dse, tmp_path: Path) -> None:
    """And a run on a machine with the same tool computes nothing again."""
    answer = dse("emit", "s.yaml", "--backend", "vitis", "--out", "farm")
    assert answer.returncode == 0, answer.stderr
    env = bare.environment(tmp_path / "bare", tmp_path / "bin" / "vitis-run")
    subprocess.run([tmp_path / "farm" / "run.sh", "2"], env=env, check=True)
    assert "2 new" in dse("import", "farm").said
    assert "2 unchanged" in dse("import", "farm").said
    shown = dse("show", 1).stdout
    assert "hls4ml 1.3.0, Vitis HLS 2023.2" in shown
    assert "requested and effective are the same" in shown
    assert "0 evaluations done, 2 were stored" in run(dse).said


def test_projects_of_others_say_what_they_are(dse: Dse, tmp_path: Path) -> None:
    """The same folders without anything that dse wrote beside the project."""
    dse("emit", "s.yaml", "--backend", "vitis", "--out", "farm")
    env = os.environ | {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run([tmp_path / "farm" / "run.sh"], env=env, check=True)
    for name in (
        "dse-farm.json",
        *(f"*/{n}" for n in ("dse_effective.json", "run.json", "run.sh")),
    ):
        for file in (tmp_path / "farm").glob(name):
            file.unlink()
    assert "others: 2 new" in dse("import", "farm", "--study", "others").said
    shown = dse("show", 0, "--study", "others").stdout + dse("show", 1, "--study", "others").stdout
    for text in ("reuse_factor = 16", "reuse_factor = 32", "total_bits = 8", "integer_bits = 4"):
        assert text in shown
    (project, *_) = sorted((tmp_path / "farm").glob("vitis-*"))
    defines = project / "firmware" / "defines.h"
    config = project / "hls4ml_config.yml"
    config.write_text(config.read_text().replace("fixed<8,4", "fixed<9,4"))
    answer = dse("import", "farm", "--study", "others")
    assert answer.returncode == 4
    assert "total_bits is 9 in" in answer.said
    assert str(defines) in answer.said


def test_without_the_tool_the_plan_says_how_to_go_on(tmp_path: Path, dse: Dse) -> None:
    for file in (tmp_path / "bin").iterdir():
        file.unlink()
    if shutil.which("vitis-run") or shutil.which("vitis_hls"):
        pytest.skip("the real tool is here")
    answer = dse("plan", "s.yaml")
    assert "vitis-run or vitis_hls is not on PATH" in answer.said
    assert "dse emit" in answer.said
