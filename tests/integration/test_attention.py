"""Attention of Keras through csim, bittrue and open: conversion, types and refusals."""

import re
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import h5py
import needs
import numpy as np
import pytest
import zoo
from numpy.typing import NDArray
from zoo_walk import walk

from backends.hls4ml.csim import compiled, run_outputs
from backends.modelgraph.builder import build_graph, write_project
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.settings import Settings
from dse.contracts.errors import EvaluationError
from dse.runtime import isolated

pytestmark = [needs.compiler, needs.simulator]

ATTENTION = [name for name in zoo.NETWORKS if name.startswith(("attention", "softmax_"))]

PARTS = ["query", "key", "value", "scores", "softmax", "context"]
"""Layers that an attention becomes, in front of the one with its own name."""

Zoo = tuple[Path, dict[str, str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    """The networks of the zoo with attention, and what refusals say."""
    folder = tmp_path_factory.mktemp("attention")
    folders = [Path(zoo.__file__).parent]
    refused: dict[str, str] = isolated.call(
        "zoo:convert", folder, [*ATTENTION, "transformer"], log=folder / "log", folders=folders
    )
    return folder, refused


@pytest.mark.parametrize("name", sorted(set(ATTENTION) & set(zoo.REFUSED)))
def test_what_hls4ml_cannot_compute_is_refused_by_name(name: str, made: Zoo) -> None:
    assert re.search(zoo.REFUSED[name], made[1][name])


def test_everything_else_is_converted_as_keras_computes_it(made: Zoo) -> None:
    """The conversion compares every part with what Keras computes there."""
    assert made[1].keys() == set(ATTENTION) & set(zoo.REFUSED)
    assert zoo.load(made[0], "attention").warnings == ()


def test_the_parts_are_called_after_the_attention(made: Zoo) -> None:
    layers = [layer["name"] for layer in zoo.load(made[0], "attention").layers]
    attention = next(name.removesuffix("_query") for name in layers if name.endswith("_query"))
    assert layers[1:8] == [*(f"{attention}_{part}" for part in PARTS), attention]


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("attention", r"'multi_head_attention\w*_query' \(EinsumDense\) with io_type io_stream"),
        ("softmax_over_rows", r"'softmax\w*' \(Softmax over axis 1\) with io_type io_stream"),
    ],
)
def test_what_hls4ml_cannot_stream_is_refused_by_name(
    name: str, refusal: str, made: Zoo, tmp_path: Path
) -> None:
    with pytest.raises(EvaluationError, match=refusal):
        build_graph(zoo.load(made[0], name), Settings(io_type="io_stream"), tmp_path)


def test_einstein_sums_say_that_they_have_the_latency_strategy(made: Zoo, tmp_path: Path) -> None:
    settings = Settings(strategy="resource", reuse_factor=2)
    _, warnings = build_graph(zoo.load(made[0], "attention"), settings, tmp_path)
    for kind in ("EinsumDense", "Einsum"):
        assert any(f"({kind}) has the latency strategy" in text for text in warnings)


def softmax(scores: NDArray[Any]) -> NDArray[Any]:
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True))


def weights_in(model: Path) -> dict[str, NDArray[Any]]:
    """Return the weights of a model's attention of one head as its file has them."""
    with ZipFile(model).open("model.weights.h5") as file, h5py.File(file) as stored:
        (attention,) = (group for name, group in stored["layers"].items() if "attention" in name)
        return {name: attention[f"{name}_dense/vars/0"][()] for name in (*PARTS[:3], "output")}


def test_bittrue_is_near_attention_in_numpy(made: Zoo, tmp_path: Path) -> None:
    """With one head of two features; the weights are those in the model's file."""
    name = "attention_to_keys"
    network, given = zoo.load(made[0], name), zoo.given(made[0], name)
    weights = weights_in(made[0] / name / "model.keras")
    query, key, value = (
        array @ weights[part][:, 0]
        for array, part in zip(given, ("query", "key", "value"), strict=True)
    )
    context = softmax(query @ key.transpose(0, 2, 1) / np.sqrt(2)) @ value
    expected = context @ weights["output"][0]
    graph, _ = build_graph(network, Settings(**network.wide), tmp_path)
    assert np.ptp(expected) > 0.5
    np.testing.assert_allclose(evaluate(graph, given).outputs, expected, atol=0.01)


def test_csim_and_the_circuit_equal_bittrue(made: Zoo, tmp_path: Path) -> None:
    network, inputs = zoo.load(made[0], "attention"), zoo.given(made[0], "attention")
    walk(network, inputs, Settings(12, 5, "RND"), tmp_path, tmp_path / "cache")


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        Settings(7, 3),  # scores wrap
        Settings(8, 4, overflow="SAT"),
        Settings(24, 8, table_size=4096),
        Settings(10, 4, granularity="name", strategy="resource", reuse_factor=4),
    ],
)
@pytest.mark.parametrize("name", ["attention_to_another", "attention_to_keys", "transformer"])
def test_csim_equals_bittrue(name: str, settings: Settings, made: Zoo, tmp_path: Path) -> None:
    network, inputs = zoo.load(made[0], name), zoo.given(made[0], name)
    graph, _ = build_graph(network, settings, tmp_path / "project")
    write_project(graph)
    library = compiled(tmp_path / "project", tmp_path / "cache", tmp_path / "log")
    expected = evaluate(graph, inputs).every
    for one, other in zip(run_outputs(library, graph, inputs), expected, strict=True):
        np.testing.assert_array_equal(one, other)
