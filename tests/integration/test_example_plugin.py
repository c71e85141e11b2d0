"""The example plug-in, installed as anyone would, is found, tested and run."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[1] / "example_plugin"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where the package is installed beside dse, in a folder of its own."""
    folder = tmp_path_factory.mktemp("installed")
    source = shutil.copytree(EXAMPLE, folder / "source")  # building leaves files in the source
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index")
    install = (sys.executable, "-m", "pip", "install", *options, "--target", folder / "site")
    subprocess.run([*install, source], check=True, capture_output=True)
    return os.environ | {
        "PYTHONPATH": str(folder / "site"),
        "DSE_CACHE": str(folder / "cache"),
        "COLUMNS": "200",
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    """A working folder in which the package's study has run."""
    made = tmp_path_factory.mktemp("work")
    shutil.copy(Path(environment["PYTHONPATH"]) / "dse_example" / "study.yaml", made)
    dse("run", "study.yaml", "--executor", "serial", folder=made, environment=environment)
    return made


def dse(*arguments: str, folder: Path, environment: dict[str, str]) -> str:
    command = [Path(sys.executable).parent / "dse", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow  # the suites are those that every backend passes in the gate
def test_it_passes_the_conformance_suites(environment: dict[str, str]) -> None:
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:dash", "-c", EXAMPLE / "pyproject.toml")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, EXAMPLE / "test_example.py"],
        env=environment | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_backend_and_metrics_are_listed(environment: dict[str, str], tmp_path: Path) -> None:
    listed = json.loads(dse("doctor", "--json", folder=tmp_path, environment=environment))
    (row,) = (row for row in listed["backends"] if row["backend"] == "cost_model")
    assert (row["runs"], row["tool"]) == ("yes", "cost model 1")
    metrics = json.loads(dse("metrics", "--json", folder=tmp_path, environment=environment))
    found = {metric["name"]: metric for metric in metrics}
    assert found["toggle_rate"]["label"] == "toggle rate"
    assert found["toggle_rate"]["direction"] == "minimise"
    assert found["efficiency"]["direction"] == "maximise"
    assert "dse-example" in found["efficiency"]["defined_by"]


def test_its_study_gives_numbers(folder: Path, environment: dict[str, str]) -> None:
    dse("export", "points.csv", folder=folder, environment=environment)
    with (folder / "points.csv").open(newline="") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    bits = [int(row["total_bits"]) for row in rows]
    assert bits == [6, 8, 10]
    assert [float(row["cost_model_lut"]) for row in rows] == [4 * n**2 / 2 for n in bits]
    assert all(0.5 < float(row["bittrue_efficiency"]) <= 1 for row in rows)
    assert all(0 < float(row["cost_model_toggle_rate"]) < 1 for row in rows)


def test_its_metrics_have_direction_and_label_in_results(
    folder: Path, environment: dict[str, str]
) -> None:
    said = dse("pareto", folder=folder, environment=environment)
    assert "efficiency: maximise, emulated from bittrue" in said
    assert "toggle_rate: minimise, estimate from cost_model" in said
    code = (
        "from dashboards.quantities import quantities\n"
        "from dashboards.source import Source\n"
        "known = quantities(Source('results.db').table('example'))\n"
        "print(known['cost_model.toggle_rate'].short, '/', known['bittrue.efficiency'].short)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "toggle rate / signal efficiency"
