"""Modules beside a study are found, and only those of this study."""

import sys
from pathlib import Path

import numpy as np
import pytest

from dse.contracts.errors import DataError
from dse.contracts.workload import Prepared
from dse.runtime import modules
from dse.runtime.modules import (
    copy_modules,
    import_beside,
    import_custom_modules,
    module_digest,
    source_of,
)


@pytest.fixture(autouse=True)
def same_path_afterwards():
    before = list(sys.path)
    yield
    assert sys.path == before


def study(folder: Path, name: str, value: int) -> Path:
    made = folder / name
    made.mkdir()
    (made / "trigger_rate.py").write_text(f"from trigger_helper import VALUE\nRATE = {value}\n")
    (made / "trigger_helper.py").write_text(f"VALUE = {10 * value}\n")
    return made


def test_two_studies_may_call_their_modules_alike(tmp_path: Path) -> None:
    first, second = study(tmp_path, "a", 1), study(tmp_path, "b", 2)
    for folder, rate in ((first, 1), (second, 2), (first, 1)):
        module = import_beside("trigger_rate", folder)
        assert (rate, 10 * rate) == (module.RATE, module.VALUE)
        assert source_of("trigger_rate", folder) == folder / "trigger_rate.py"


def test_an_installed_module_comes_first(tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("raise RuntimeError('not this one')")
    assert import_beside("numpy", tmp_path) is np
    assert source_of("numpy", tmp_path) == Path(np.__file__)


def test_a_missing_neighbour_is_named_with_what_to_do(tmp_path: Path) -> None:
    (study(tmp_path, "a", 1) / "trigger_helper.py").unlink()
    with pytest.raises(DataError, match=r"'trigger_rate' cannot be imported.*trigger_helper") as e:
        import_beside("trigger_rate", tmp_path / "a")
    assert "custom_modules" in e.value.hint


def test_modules_travel_with_the_network(tmp_path: Path) -> None:
    folder, package = study(tmp_path, "a", 7), tmp_path / "a" / "trigger_layers"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "own.py").write_text("FOUND = True\n")
    names = ["trigger_helper", "trigger_rate", "trigger_layers.own", "numpy"]
    target = tmp_path / "prepared"
    target.mkdir()
    copy_modules(names, folder, target / "modules")
    (target / "model.keras").touch()
    Prepared.write(target, "f", inputs=[], scoring={}, manifest={"custom_modules": names})
    import_custom_modules(Prepared(target, "f"))
    assert sys.modules["trigger_rate"].VALUE == 70
    assert sys.modules["trigger_layers.own"].FOUND
    assert str(sys.modules["trigger_rate"].__file__).startswith(str(target.resolve()))
    assert not (target / "modules" / "numpy").exists()


def test_an_edit_anywhere_in_a_package_is_another_code(tmp_path: Path) -> None:
    package = tmp_path / "own_scores"
    package.mkdir()
    (package / "__init__.py").write_text("from .scores import purity\n")
    (package / "scores.py").write_text("purity = 1\n")
    before = [module_digest(name, tmp_path) for name in ("own_scores", "own_scores.scores")]
    (package / "scores.py").write_text("purity = 2\n")
    after = [module_digest(name, tmp_path) for name in ("own_scores", "own_scores.scores")]
    assert all(a != b for a, b in zip(before, after, strict=True))
    assert after[0] == after[1], "they travel together"


def test_another_version_of_an_installed_package_is_another_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = module_digest("numpy", tmp_path)
    monkeypatch.setattr(modules, "version", lambda _: "99.0")
    assert module_digest("numpy", tmp_path) != before


def test_a_module_is_found_without_running_its_package(tmp_path: Path) -> None:
    package = tmp_path / "broken_package"
    package.mkdir()
    (package / "__init__.py").write_text("1 / 0\n")
    (package / "inner.py").touch()
    assert source_of("broken_package.inner", tmp_path) == package / "inner.py"
    with pytest.raises(DataError, match="there is no module 'broken_package\\.other'"):
        source_of("broken_package.other", tmp_path)


def test_a_folder_of_modules_travels_too(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "layers.py").touch()
    copy_modules(["plain.layers"], tmp_path, tmp_path / "network")
    assert (tmp_path / "network" / "plain" / "layers.py").is_file()
