"""The built wheel in an environment of its own, far from the source tree.

What is installed is what users get: files that the wheel lacks, paths that lead into the source
tree and writes into the package are noticed here only.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("dse", "workloads", "backends", "dashboards", "studies")
FILES = ("pyproject.toml", "README.md", "LICENSE", "NOTICE")
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
OTHERS = sorted({"3.11", "3.12", "3.13"} - {HERE})


def call(command: Sequence[object], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command without the settings that make Python look into the source tree."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "DSE_"))}
    environment |= {"COLUMNS": "200", "NO_COLOR": "1"}
    words = list(map(str, command))
    return subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def uv(*arguments: object, folder: Path = ROOT) -> None:
    """Run uv; a machine that can neither build nor fetch what is missing skips."""
    found = call([sys.executable, "-m", "uv", *arguments], folder)
    if found.returncode and "error sending request" in found.stderr.lower():
        pytest.skip(f"no package index: {found.stderr[-300:]}")
    assert found.returncode == 0, found.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy so that no earlier build's leavings get into it."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in SOURCES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copyfile(ROOT / name, source / name)
    uv("build", "--quiet", "--wheel", "--out-dir", folder, source)
    (found,) = folder.glob("*.whl")
    return found


class Installed:
    """An environment with the wheel, and an empty folder to work in."""

    def __init__(self, folder: Path, requirement: str, python: str) -> None:
        self.environment, self.work = folder / "environment", folder / "work"
        self.work.mkdir()
        uv("venv", "--quiet", "--python", python, self.environment)
        self.python = self.environment / "bin" / "python"
        lock = ROOT / "requirements.lock"
        # hard links to uv's cache: TensorFlow alone would be copied for half a minute
        options = ("--quiet", "--link-mode", "hardlink", "--constraint", lock)
        uv("pip", "install", *options, "--python", self.python, requirement)

    def dse(self, *arguments: object) -> str:
        """Standard output of a command that is to succeed."""
        found = self.call(*arguments)
        assert found.returncode == 0, found.stderr
        return found.stdout

    def call(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return call([self.environment / "bin" / "dse", *arguments], self.work)

    def files(self) -> dict[str, str]:
        """Digest of every file of the package itself, without what Python compiles."""
        (site,) = self.environment.glob("lib/*/site-packages")
        paths = (path for name in SOURCES for path in (site / name).rglob("*") if path.is_file())
        return {
            path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in paths
            if path.suffix != ".pyc"
        }


@pytest.fixture(scope="module")
def complete(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """With everything."""
    return Installed(tmp_path_factory.mktemp("complete"), f"{wheel}[all]", sys.executable)


@pytest.fixture(scope="module")
def core(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Without any extra."""
    return Installed(tmp_path_factory.mktemp("core"), str(wheel), sys.executable)


def test_the_wheel_holds_every_file_of_the_packages(complete: Installed) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", *SOURCES], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if tracked.returncode:
        pytest.skip("this source tree is not a git repository")
    assert set(complete.files()) >= set(tracked.stdout.split())


def test_doctor_finds_the_packages(complete: Installed) -> None:
    rows = {row["backend"]: row for row in json.loads(complete.dse("doctor", "--json"))["backends"]}
    for name in ("bittrue", "cpu", "estimate"):
        assert rows[name]["runs"] == "yes"
    assert all("cannot be imported" not in row["to do"] for row in rows.values())


def runs_the_jet_study(installed: Installed) -> None:
    """By its name, without a file here, and without a write into the package."""
    before = installed.files()
    installed.dse("run", "jet_mlp")
    assert installed.files() == before
    left = {
        path.name.removesuffix("-wal").removesuffix("-shm") for path in installed.work.iterdir()
    }
    assert left == {".dse", "results.db"}
    (row,) = json.loads(installed.dse("status", "--json"))
    assert (row["name"], row["points"], row["failures"]) == ("jet_mlp", 30, 0)
    installed.dse("export", "points.csv")
    assert len((installed.work / "points.csv").read_text().splitlines()) == 31


def test_the_jet_study_runs_by_its_name(complete: Installed) -> None:
    runs_the_jet_study(complete)


def test_results_are_read_without_any_extra(complete: Installed, core: Installed) -> None:
    if not (complete.work / "results.db").exists():
        runs_the_jet_study(complete)
    shutil.copy(complete.work / "results.db", core.work)
    assert "pareto" in core.dse("--help")
    for command in (("pareto", "--metric", "latency_cycles,lut"), ("best", "--minimise", "lut")):
        assert core.dse(*command) == complete.dse(*command)
    assert "jet_mlp" in core.dse("status")
    assert "estimate" in core.dse("show", "1")
    assert "reuse_factor" in core.dse("importance", "--metric", "lut")
    listed = {row["study"] for row in json.loads(core.dse("studies", "--json"))}
    assert listed == {path.stem for path in (ROOT / "studies").glob("*.yaml")}
    for name in ("points.csv", "points.parquet", "points.json"):
        core.dse("export", name)
        assert (core.work / name).stat().st_size > 0


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        (("plan", "jet_mlp"), "hls"),
        (("run", "bitwidth"), "hls"),
        (("dashboard",), "dashboard"),
        (("report",), "dashboard"),
    ],
)
def test_a_missing_extra_is_named(core: Installed, command: tuple[str, ...], extra: str) -> None:
    found = core.call(*command)
    assert found.returncode == 6
    assert f"pip install 'dse-fpga[{extra}]'" in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.slow
@pytest.mark.parametrize("python", OTHERS)
def test_the_jet_study_runs_on_other_pythons(wheel: Path, tmp_path: Path, python: str) -> None:
    if call([sys.executable, "-m", "uv", "python", "find", python], ROOT).returncode:
        pytest.skip(f"there is no Python {python} here")
    runs_the_jet_study(Installed(tmp_path, f"{wheel}[all]", python))
