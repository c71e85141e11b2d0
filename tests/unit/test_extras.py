"""A package that is not installed: the error names the extra that brings it."""

import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from dse.contracts.errors import ToolMissingError
from dse.contracts.extras import extra_of, install_hint, missing_package
from dse.contracts.registry import Registry

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]

EXTRAS = {
    "keras": "hls",
    "tensorflow.python.framework": "hls",
    "qkeras": "hls",
    "hls4ml.model": "hls",
    "ray": "ray",
    "onnx": "onnx",
    "onnxruntime": "onnx",
    "dash": "dashboard",
    "dash_ag_grid": "dashboard",
    "flask": "dashboard",
    "jinja2.loaders": "dashboard",
    "pyopencl": "opencl",
}


@pytest.mark.parametrize(("module", "extra"), EXTRAS.items())
def test_the_extra_of_a_module(module: str, extra: str) -> None:
    assert extra_of(module) == extra
    error = ImportError(f"No module named '{module}'", name=module)
    assert install_hint(error) == f"pip install '{PROJECT['name']}[{extra}]'"


@pytest.mark.parametrize("module", ["pandas", "dse.no_such_module", "no_such_package", ""])
def test_a_module_that_no_extra_brings(module: str) -> None:
    assert extra_of(module) == ""
    assert missing_package(ImportError("no", name=module)) is None


def test_a_distribution_that_is_not_installed_has_no_extras() -> None:
    assert extra_of("keras", "no-such-distribution") == ""


def test_all_holds_every_other_extra() -> None:
    extras = PROJECT["optional-dependencies"]
    (everything,) = extras["all"]
    inner = everything.partition("[")[2].rstrip("]").split(",")
    assert sorted(inner) == sorted(extras.keys() - {"all", "mlflow"})


def test_a_backend_whose_package_is_missing_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [n for n in sys.modules if n.split(".")[0] == "backends"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "hls4ml", None)  # Python's own way to say: not installed
    with pytest.raises(ToolMissingError) as caught:
        Registry.installed().backend_class("bittrue")
    assert caught.value.hint == f"pip install '{PROJECT['name']}[hls]'"


def test_a_command_without_its_package_ends_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from dse.cli.main import main

    for name in [n for n in sys.modules if n.split(".")[0] in {"dashboards", "dash"}]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "flask", None)
    monkeypatch.setattr(sys, "argv", ["dse", "dashboard"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == ToolMissingError.exit_code
    said = capsys.readouterr().err
    assert said.startswith("dse: error: ")
    assert f"pip install '{PROJECT['name']}[dashboard]'" in said


def test_a_fault_of_ours_is_not_taken_for_a_missing_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dse.cli import main as command

    def broken() -> Any:
        raise ModuleNotFoundError("No module named 'dse.no_such'", name="dse.no_such")

    monkeypatch.setattr(command, "app", broken)
    with pytest.raises(ModuleNotFoundError):
        command.main()
