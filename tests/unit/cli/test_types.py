"""`dse types` and the notes about overflow, with a stand-in that profiles."""

import json

import pytest

from dse.analysis.overflow import overflows
from dse.contracts.tensors import ProfilingBackend, TensorType
from dse.testing.noop import NoopBackend

STUDY = "{name: s, workload: noop, space: {value: [1, 2]}, backends: [noop]}"


class Profiling(NoopBackend, ProfilingBackend):
    def tensor_types(self, job, context):
        assert context.prepared.fingerprint == job.fingerprint
        return [TensorType("first", "result", -1.5, 3.25, "fixed<8,3>")]


@pytest.fixture
def study(dse, tmp_path):
    (tmp_path / "s.yaml").write_text(STUDY)
    return tmp_path / "s.yaml"


def test_types_of_a_network_are_printed(dse, study, monkeypatch):
    monkeypatch.setattr("dse.testing.noop.NoopBackend", Profiling)
    out = dse("types", study).out
    for text in ("first", "result", "-1.5", "3.25", "fixed<8,3>", "precision: profiled"):
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
