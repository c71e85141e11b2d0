"""Benchmarks load: they are run by hand, so nothing else would see that one has broken."""

import subprocess
import sys
from pathlib import Path

import long_run
import pytest

from dse.contracts.registry import Registry
from dse.study.validate import bind, parse_study

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_every_benchmark_is_named() -> None:
    command = [sys.executable, BENCHMARKS / "run.py", "--help"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert "convolutions" in answer.stdout


@pytest.mark.parametrize("points", [3_000, 100_000, 1_000_000])
def test_a_long_run_has_as_many_points_as_are_asked_for(points: int) -> None:
    binding = bind(parse_study(long_run.study(points)), Registry.installed())
    assert binding.space.size == points


def test_a_long_run_of_odd_length_is_refused() -> None:
    with pytest.raises(ValueError, match="1,000,001"):
        long_run.study(1_000_001)
