"""`dse doctor`: backends, versions and places."""

import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from installed import distribution

import dse as package
from dse.contracts.registry import LAYERS, Registry


def test_doctor_names_every_backend(dse: Any) -> None:
    rows = dse("doctor", "--json").json["backends"]
    assert [row["backend"] for row in rows] == list(Registry.installed().backend_names())
    for row in rows:
        assert row["runs"] in {"yes", "no"}
        assert row["tool"] if row["runs"] == "yes" else row["to do"]
    assert [row[:2] for row in dse("doctor").cells] == [[r["backend"], r["runs"]] for r in rows]


def test_doctor_says_what_dse_uses(dse: Any) -> None:
    told = dse("doctor", "--json").json
    assert told["dse"] == f"{package.__version__} (dse-fpga)"
    assert told["Python"].startswith(platform.python_version())
    assert told["Ray"] == version("ray")
    text = dse("doctor").out
    assert f"Python: {platform.python_version()}" in text
    assert f"Ray: {version('ray')}" in text


def test_doctor_says_where_results_and_cache_are(dse: Any, tmp_path: Path) -> None:
    options = ("--db", "mine.db", "--cache", "work", "--json")
    told = dse("doctor", *options).json
    assert told["results"] == f"{tmp_path / 'mine.db'} (not there yet)"
    assert told["cache"] == f"{tmp_path / 'work'} (not there yet)"
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "mine.db").touch()
    (tmp_path / "work").mkdir()
    told = dse("doctor", *options).json
    assert told["results"] == str(tmp_path / "mine.db")
    assert told["cache"] == str(tmp_path / "work")


def test_doctor_lists_workloads_layers_and_metrics(
    dse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distribution(tmp_path / "site", "dse-own", **{LAYERS: {"absolute": "own.layer:RULES"}})
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    said = dse("doctor").out
    assert "layers of plug-ins: absolute (dse-own)" in said
    assert "keras (dse-fpga), onnx (dse-fpga), tracking (dse-fpga)" in said


def test_doctor_shows_no_password(dse: Any) -> None:
    answer = dse("doctor", "--db", "postgresql+psycopg://me:secret@host/results")
    assert answer.code == 0
    assert "host/results" in answer.out
    assert "secret" not in answer.out


def test_doctor_goes_on_where_a_backend_cannot_be_imported(
    dse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [n for n in sys.modules if n.split(".")[0] == "backends"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "hls4ml", None)  # Python's own way to say: not installed
    rows = {row["backend"]: row for row in dse("doctor", "--json").json["backends"]}
    assert rows["bittrue"]["runs"] == "no"
    assert rows["bittrue"]["to do"].endswith("pip install 'dse-fpga[hls]'")
    assert rows["cpu"]["runs"] == "yes"
