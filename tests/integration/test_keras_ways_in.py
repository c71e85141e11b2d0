"""Keras networks as people bring them: HDF5 files, models inside models, several outputs."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from late import Late

from backends.modelgraph.extraction import checked_network
from backends.modelgraph.flat_model import flattened
from dse.contracts.errors import DataError, EvaluationError
from dse.contracts.parameters import complete
from dse.contracts.workload import Prepared
from dse.runtime.keras_model import load_model, read_model
from dse.store.queries import Results
from workloads.keras import KerasWorkload

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation",  # by Keras, when it saves
    "ignore:You are saving your model as an HDF5 file",
)

nets: Any = Late("brought_networks")

X = np.random.default_rng(5).normal(size=(40, 4)).astype(np.float32)


def prepare(folder: Path, model: Any, name: str = "net.h5", **given: Any) -> Prepared:
    model.save(folder / name)
    np.savez(folder / "test.npz", x=X, y=np.zeros(len(X)))
    workload, out = KerasWorkload(folder), folder / "out"
    out.mkdir()
    return workload.prepare(
        complete(workload.parameters, {"model": name, **given}), out, lambda _: None
    )


def test_a_flat_model_computes_what_the_nested_one_does() -> None:
    model = nets.nested()
    flat = flattened(model)
    np.testing.assert_array_equal(flat([X, X[::-1]]), model([X, X[::-1]]))
    names = {layer.name.rstrip("_0123456789") for layer in flat.layers}
    assert {"deep_linear", "deep_2_linear", "deep_encoder_dense", "deep_add"} <= names
    assert flattened(flat) is flat


def test_nested_models_are_converted_and_checked() -> None:
    network = checked_network(nets.nested(), [X, X[::-1]])
    assert network.inputs == ["one", "two"]
    assert network.warnings == ()


@pytest.mark.parametrize("name", ["net.h5", "net.keras"])
@pytest.mark.parametrize("output", ["classes", "energy"])
def test_the_output_that_is_scored_is_named(tmp_path: Path, name: str, output: str) -> None:
    model = nets.two_outputs()
    given = {"output": output, "built_outputs": "scored"}
    loaded = load_model(prepare(tmp_path, model, name, **given))
    expected = dict(zip(("classes", "energy"), model(X), strict=True))[output]
    np.testing.assert_array_equal(loaded(X), expected)
    names = [layer["name"] for layer in checked_network(loaded, [X]).layers]
    assert ("classes" in names) == (output == "classes")


@pytest.mark.parametrize("output", ["classes", "energy"])
def test_all_outputs_are_built_the_scored_one_first(tmp_path: Path, output: str) -> None:
    model = nets.two_outputs()
    loaded = load_model(prepare(tmp_path, model, output=output))
    network = checked_network(loaded, [X])
    assert network.outputs[0].startswith(output)
    assert len(network.outputs) == len(loaded.outputs) == 2
    assert network.warnings == ()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, r"has 2 outputs \(classes, energy\)"),
        ({"output": "mass"}, r"no output 'mass', but 2 outputs \(classes, energy\)"),
    ],
)
def test_without_its_name_the_outputs_are_listed(tmp_path: Path, given: Any, says: str) -> None:
    with pytest.raises(EvaluationError, match=says) as caught:
        load_model(prepare(tmp_path, nets.two_outputs(), **given))
    assert "workload.output" in caught.value.hint


def test_weights_that_are_not_finite_are_named(tmp_path: Path) -> None:
    nets.with_nan().save(tmp_path / "net.keras")
    with pytest.raises(EvaluationError, match=r"/kernel' of the network are not all finite"):
        read_model(tmp_path / "net.keras")


def test_a_layer_of_an_unknown_class_names_the_setting(tmp_path: Path) -> None:
    nets.with_unknown_layer().save(tmp_path / "net.keras")
    with pytest.raises(EvaluationError, match="cannot load the model file") as caught:
        read_model(tmp_path / "net.keras")
    assert "workload.custom_modules" in caught.value.hint


def test_weights_without_a_network_are_refused(tmp_path: Path) -> None:
    prepare(tmp_path, nets.encoder())
    nets.encoder().save_weights(tmp_path / "net.weights.h5")
    workload = KerasWorkload(tmp_path)
    with pytest.raises(DataError, match=r"HDF5 file of weights without a network") as caught:
        workload.fingerprint(complete(workload.parameters, {"model": "net.weights.h5"}))
    assert "model.load_weights" in caught.value.hint


STUDY = """
name: s
workload: {name: keras, model: net.h5, output: classes}
backends: [bittrue, estimate]
objectives: [accuracy]
"""


def test_a_study_of_an_hdf5_file(tmp_path: Path) -> None:
    model = nets.two_outputs()
    model.save(tmp_path / "net.h5")
    np.savez(tmp_path / "test.npz", x=X, y=np.asarray(model(X)[0]).argmax(axis=1))
    (tmp_path / "s.yaml").write_text(STUDY)
    command = [sys.executable, "-m", "dse.cli.main", "run", "s.yaml", "--executor", "serial"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with closing(Results(str(tmp_path / "results.db"))) as results:
        (point,) = results.points("s")
    scores = {m.fidelity: m.value for m in point.metrics if m.name == "accuracy"}
    assert len(scores) == 1
    assert min(scores.values()) > 0.9
