"""`dse types` and the notes about overflow, with a stand-in that profiles."""

import json
from dataclasses import replace

import pytest

from dse.analysis.coarse_tables import coarse_layers
from dse.analysis.overflow import overflows
from dse.contracts.tensors import ProfilingBackend, TensorType
from dse.testing.noop import NoopBackend

STUDY = "{name: s, workload: noop, space: {value: [1, 2]}, backends: [noop]}"


class Profiling(NoopBackend, ProfilingBackend):
    def tensor_types(self, job, context):
        assert context.prepared.fingerprint == job.fingerprint
        return [TensorType("first", "result", -1.5, 3.25, "fixed<8,3>")]

    def type_warnings(self, job, context):
        return ["the exp table of layer last has steps of 2"]


@pytest.fixture
def study(dse, tmp_path):
    (tmp_path / "s.yaml").write_text(STUDY)
    return tmp_path / "s.yaml"


def test_types_of_a_network_are_printed(dse, study, monkeypatch):
    monkeypatch.setattr("dse.testing.noop.NoopBackend", Profiling)
    out = dse("types", study).out
    for text in (
        "first",
        "result",
        "-1.5",
        "3.25",
        "fixed<8,3>",
        "precision: profiled",
        "layer last",
    ):
        assert text in out
    (entry,) = json.loads(dse("types", study, "--json").out)
    assert entry["types"] == [
        {"layer": "first", "tensor": "result", "low": -1.5, "high": 3.25, "proposed": "fixed<8,3>"}
    ]


def test_a_study_without_such_a_backend_is_told_what_to_add(dse, study):
    answer = dse("types", study)
    assert answer.code == 2
    assert "add bittrue to its backends" in answer.err


def test_the_layer_that_loses_most_comes_first():
    effective = {
        "overflows": {
            "a": {"casts": 100, "wrapped": 1},
            "b": {"casts": 10, "saturated": 5},
            "c": {"casts": 10},
        }
    }
    found = overflows(effective)
    assert [(one.layer, one.how, one.share) for one in found] == [
        ("b", "saturated", 0.5),
        ("a", "wrapped", 0.01),
    ]
    assert str(found[0]) == "50.00% of the casts in layer b saturated"
    assert overflows({}) == []


def test_the_worst_table_comes_first():
    effective = {
        "coarse_tables": {
            "a": {"tanh": {"step": 0.5, "error": 0.375}},
            "b": {"exp": {"step": 128.0, "error": 0.99}},
        }
    }
    found = coarse_layers(effective)
    assert [(one.layer, one.function) for one in found] == [("b", "exp"), ("a", "tanh")]
    told = "the exp table of layer b has steps of 128, so that its values are off by up to 0.99"
    assert str(found[0]) == told
    assert coarse_layers({}) == []


def test_a_coarse_table_is_told_by_run_and_show(dse, study, monkeypatch):
    class Coarse(NoopBackend):
        def evaluate(self, job, context):
            made = super().evaluate(job, context)
            told = {"coarse_tables": {"last": {"exp": {"step": 128.0, "error": 0.99}}}}
            return replace(made, effective={**made.effective, **told})

    monkeypatch.setattr("dse.testing.noop.NoopBackend", Coarse)
    ran = dse("run", study, "--executor", "serial")
    told = " ".join((ran.out + ran.err).split())
    assert "coarse tables at 2 points" in told
    for text in ("layer last", "table_size", "precision: profiled", "fewer integer bits"):
        assert text in told
        assert text in " ".join(dse("show", "1", "--study", "s").out.split())
