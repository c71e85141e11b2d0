"""`.ci/make_venv` on machines whose Python is too old, too new, or missing.

Interpreters and uv are stand-ins that write down how they are called.
"""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "make_venv"

PYTHON = """#!/bin/sh
case "$1" in
-c) echo {version} ;;
*) echo "python {version} $*" >> "{log}"
   if [ "$2" = venv ]; then
       {venv}
       for last; do :; done
       mkdir -p "$last/bin"; cp "$0" "$last/bin/python"; cp "{uv}" "$last/bin/uv"
   fi ;;
esac
"""

UV = """#!/bin/sh
echo "uv $*" >> "{log}"
{result}
for last; do :; done
mkdir -p "$last/bin"; cp "{python}" "$last/bin/python"
"""


class Machine:
    """A folder that is the whole PATH but for the tools a script needs."""

    def __init__(self, folder: Path) -> None:
        self.path, self.log, self.venv = folder / "path", folder / "log", folder / "venv"
        self.uv, self.fetched = folder / "uv", folder / "fetched"
        self.path.mkdir()
        self.log.touch()
        for tool in ("mkdir", "cp", "rm"):
            (self.path / tool).symlink_to(Path("/bin") / tool)
        self.write(self.fetched, PYTHON, version="3.13.9", venv="")
        self.has_uv(on_path=False)

    def write(self, file: Path, text: str, **values: object) -> None:
        file.write_text(text.format(log=self.log, uv=self.uv, python=self.fetched, **values))
        file.chmod(0o755)

    def has(self, name: str, version: str, *, venv: bool = True) -> Path:
        file = self.path / name
        self.write(file, PYTHON, version=version, venv="" if venv else "exit 1")
        return file

    def has_uv(self, *, on_path: bool, fetches: bool = True) -> None:
        self.write(self.uv, UV, result="" if fetches else "echo no download >&2; exit 2")
        if on_path:
            (self.path / "uv").symlink_to(self.uv)

    def make(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = ["/bin/sh", str(SCRIPT), str(self.venv), *map(str, arguments)]
        environment = {**os.environ, "PATH": str(self.path)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    @property
    def made_with(self) -> str:
        """Version of the Python in the environment."""
        command = [str(self.venv / "bin" / "python"), "-c", ""]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("version", ["3.11.2", "3.12.10", "3.13.0"])
def test_a_python_that_fits_is_taken(machine: Machine, version: str) -> None:
    machine.has("python3", version)
    assert machine.make().returncode == 0
    assert machine.made_with == version
    assert machine.calls[-1] == f"python {version} -m pip install --quiet uv"


@pytest.mark.parametrize("version", ["3.14.0", "3.10.13", "3.1.1", "2.7.18"])
def test_another_python_of_the_machine_is_taken(machine: Machine, version: str) -> None:
    machine.has("python3", version)
    machine.has("python3.12", "3.12.4")
    assert machine.make().returncode == 0
    assert machine.made_with == "3.12.4"


@pytest.mark.parametrize("version", ["3.14.0", "3.10.13"])
def test_uv_on_the_path_fetches_a_python(machine: Machine, version: str) -> None:
    machine.has("python3", version)
    machine.has_uv(on_path=True)
    assert machine.make().returncode == 0
    assert machine.made_with == "3.13.9"
    assert ">=3.11,<3.14" in machine.calls[0]


@pytest.mark.parametrize("version", ["3.14.0", "3.10.13"])
def test_uv_is_fetched_by_a_python_that_does_not_fit(machine: Machine, version: str) -> None:
    machine.has("python3", version)
    assert machine.make().returncode == 0
    assert machine.made_with == "3.13.9"
    assert f"python {version} -m pip install --quiet uv" in machine.calls
    assert sorted(path.name for path in machine.venv.parent.glob("venv*")) == ["venv"]


def test_a_python_without_its_venv_module_is_taken_by_uv(machine: Machine) -> None:
    python = machine.has("python3", "3.11.2", venv=False)
    machine.has_uv(on_path=True)
    assert machine.make().returncode == 0
    assert any(call.startswith("uv venv") and str(python) in call for call in machine.calls)


def test_a_download_that_fails_says_what_to_do(machine: Machine) -> None:
    machine.has("python3", "3.14.0")
    machine.has_uv(on_path=True, fetches=False)
    answer = machine.make()
    assert answer.returncode == 1
    assert "no download" in answer.stderr
    assert "dse needs Python 3.11, 3.12 or 3.13: python3 is 3.14.0, and uv" in answer.stderr
    assert "make PYTHON=" in answer.stderr
    assert list(machine.venv.parent.glob("venv*")) == []


def test_a_machine_without_python_and_uv_says_what_to_do(machine: Machine) -> None:
    answer = machine.make()
    assert answer.returncode == 1
    assert "python3 is not here" in answer.stderr
    assert "make PYTHON=" in answer.stderr


def test_a_python_that_was_asked_for_is_taken(machine: Machine, tmp_path: Path) -> None:
    machine.has("python3", "3.11.2")
    other = machine.has("python-mine", "3.12.1")
    assert machine.make(other).returncode == 0
    assert machine.made_with == "3.12.1"


def test_a_python_that_was_asked_for_and_does_not_fit_is_refused(machine: Machine) -> None:
    machine.has("python3", "3.11.2")
    answer = machine.make(machine.has("python3.14", "3.14.0"))
    assert answer.returncode == 1
    assert "python3.14 is 3.14.0" in answer.stderr
    assert not machine.venv.exists()
