"""A bit that flips in any file of the cache changes no result and makes no failure."""

import os
import random
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import needs

import studies
from dse.runtime.checksums import FILE
from dse.store.queries import Results

JETS = Path(studies.__file__).parent / "jets"
STUDY = f"""
name: s
workload: {{name: keras, model: {JETS}/model.keras, test_set: {JETS}/test.npz, max_samples: 200}}
space: {{total_bits: 8, integer_bits: 4, reuse_factor: 8}}
backends: [bittrue, csim, estimate]
"""
FOLDERS = ("networks", "layers", "csim")


def entries(cache: Path) -> list[Path]:
    """Return all files of cache entries, without their locks."""
    found = (path for folder in FOLDERS for path in (cache / folder).glob("*/**/*"))
    return [path for path in found if path.is_file() and path.name != FILE]


def run(folder: Path) -> str:
    command = [sys.executable, "-m", "dse.cli.main", "run", "s.yaml"]
    command += ["--executor", "serial", "--rerun", "all"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def metrics(folder: Path) -> dict[tuple[str, str], float]:
    with closing(Results(str(folder / "results.db"))) as results:
        assert results.study("s").failures == 0
        (point,) = results.points("s")
    return {(m.backend, m.name): m.value for m in point.metrics}


@needs.compiler
def test_every_kind_of_file(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(STUDY)
    run(tmp_path)
    before, files = metrics(tmp_path), entries(tmp_path / ".dse" / "cache")
    dice, names = random.Random(3), {file.name for file in files}
    assert {"evaluation.npz", "manifest.json", "model.keras", "layers.json"} <= names
    assert {"weights.npz", "firmware.so"} <= names
    for file in files:
        times, content = file.stat(), bytearray(file.read_bytes())
        if content:
            content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
        file.write_bytes(content)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert "is damaged and is built again" in run(tmp_path)
    assert metrics(tmp_path) == before
