"""Shipped studies: listed, planned by name, copied with their data."""

import shutil
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from dse.contracts.backend import Probe
from dse.contracts.registry import Registry
from dse.study import shipped
from dse.study.validate import load_binding

STUDIES = Path(__file__).parents[3] / "studies"
NAMES = sorted(path.stem for path in STUDIES.glob("*.yaml"))


def test_every_study_of_the_project_is_listed(dse: Any) -> None:
    rows = dse("studies", "--json").json
    assert [row["study"] for row in rows] == NAMES
    assert [row[0] for row in dse("studies").cells] == NAMES
    for row in rows:
        assert row["description"]
        assert {*row["tools"], *row["missing"]} == set(row["backends"])


def test_the_list_says_what_a_study_would_do(dse: Any) -> None:
    rows = {row["study"]: row for row in dse("studies", "--json").json}
    for name in ("jet_mlp", "qat_bitwidth"):
        binding = load_binding(STUDIES / f"{name}.yaml", (), Registry.installed())
        assert rows[name]["points"] == len(list(binding.space.points()))
        assert rows[name]["backends"] == list(binding.backends)
        assert rows[name]["workload"] == binding.study.workload.name
    assert rows["codesign"]["points"] is None
    shown = {row[0]: row for row in dse("studies").cells}
    assert shown["jet_mlp"][3] == "30"
    assert shown["codesign"][3] == "searched"


def test_a_narrow_list_cuts_no_name(dse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dse.cli.console._UNLIMITED", 80)
    answer = dse("studies")
    assert [row[0] for row in answer.cells if row[0]] == NAMES
    assert "…" not in answer.out
    assert len(answer.out.splitlines()) < 4 * len(NAMES)


def test_the_list_says_which_backends_cannot_run_here(
    dse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    vitis = Registry.installed().backend_class("vitis")
    absent = Probe(available=False, tool="", reason="no vitis here", install="get it")
    monkeypatch.setattr(vitis, "probe", lambda _: absent)
    row = next(row for row in dse("studies", "--json").json if row["study"] == "bitwidth_vitis")
    assert row["missing"]["vitis"] == "no vitis here: get it"
    assert "vitis" not in row["tools"]
    answer = dse("studies")
    shown = {row[0]: row for row in answer.cells}
    assert "vitis" in shown["bitwidth_vitis"][5].split(", ")
    assert "vitis" not in shown["jet_mlp"][5]
    assert answer.out.count("vitis: no vitis here: get it") == 1


def test_a_shipped_study_is_planned_by_its_name(dse: Any) -> None:
    plan = dse("plan", "jet_mlp", "--json").json
    assert (plan["study"], plan["points"]) == ("jet_mlp", 30)


def test_a_file_here_goes_before_a_shipped_study(dse: Any, tmp_path: Path) -> None:
    dse("init", "jet_mlp")
    assert dse("plan", "jet_mlp", "--json").json["study"] == "starter"


def test_a_folder_of_the_same_name_hides_nothing(dse: Any, tmp_path: Path) -> None:
    (tmp_path / "jet_mlp").mkdir()
    assert dse("plan", "jet_mlp", "--json").json["study"] == "jet_mlp"


@pytest.mark.parametrize("command", [("plan",), ("run",), ("init", "--from")])
def test_an_unknown_name_lists_the_nearest(dse: Any, command: tuple[str, ...]) -> None:
    answer = dse(*command, "bitwdth")
    assert answer.code == 3
    assert "'bitwdth'" in answer.err
    assert "did you mean 'bitwidth'?" in answer.err


def test_init_copies_a_study_that_runs_where_it_lands(dse: Any, tmp_path: Path) -> None:
    answer = dse("init", "--from", "jet_mlp")
    assert (answer.code, answer.out) == (0, "")
    assert "dse run jet_mlp.yaml" in answer.err
    here = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    assert here == {"jet_mlp.yaml", "jets/model.keras", "jets/test.npz"}
    for name in here:
        assert (tmp_path / name).read_bytes() == (STUDIES / name).read_bytes()
    assert dse("plan", "jet_mlp.yaml", "--json").json["points"] == 30


def test_a_copy_can_have_another_name_and_place(dse: Any, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    assert dse("init", "--from", "jet_mlp", "work/mine.yaml").code == 0
    assert (tmp_path / "work" / "jets" / "test.npz").is_file()
    assert dse("plan", "work/mine.yaml", "--json").json["points"] == 30


def test_a_copy_replaces_nothing_unless_told(dse: Any, tmp_path: Path) -> None:
    mine = tmp_path / "jets" / "test.npz"
    mine.parent.mkdir()
    mine.write_text("precious")
    answer = dse("init", "--from", "jet_mlp")
    assert answer.code == 2
    assert "jets/test.npz: the file exists already" in answer.err
    assert mine.read_text() == "precious"
    assert not (tmp_path / "jet_mlp.yaml").exists()
    assert dse("init", "--from", "jet_mlp", "--force").code == 0
    assert mine.read_bytes() == (STUDIES / "jets" / "test.npz").read_bytes()


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a package that brings studies."""
    folder = tmp_path / "site" / "other_package"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(folder.parent))
    monkeypatch.delitem(sys.modules, "other_package", raising=False)
    installed = (
        EntryPoint("shipped", "studies", shipped.GROUP),
        EntryPoint("other", "other_package", shipped.GROUP),
    )
    monkeypatch.setattr(shipped, "entry_points", lambda **_: installed)
    return folder


def test_a_package_brings_studies(dse: Any, plugin: Path) -> None:
    shutil.copy(STUDIES / "bitwidth.yaml", plugin / "mine.yaml")
    assert dse("plan", "mine", "--json").json["points"] == 8


def test_two_packages_that_bring_one_name_are_an_error(dse: Any, plugin: Path) -> None:
    shutil.copy(STUDIES / "bitwidth.yaml", plugin)
    answer = dse("plan", "bitwidth")
    assert answer.code == 3
    assert "two packages contain a study 'bitwidth'" in answer.err


def test_a_copy_has_the_module_with_its_score(dse: Any, tmp_path: Path) -> None:
    assert dse("init", "--from", "anomaly_autoencoder").code == 0
    here = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    data = {"anomaly/autoencoder.keras", "anomaly/test.npz", "anomaly_score.py"}
    assert data <= here
    assert dse("plan", "anomaly_autoencoder.yaml", "--json").json["points"] == 12
