"""Benchmarks load: they are run by hand, so nothing else would see that one has broken."""

import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_every_benchmark_is_named() -> None:
    command = [sys.executable, BENCHMARKS / "run.py", "--help"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert "convolutions" in answer.stdout
