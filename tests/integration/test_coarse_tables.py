"""Tables too coarse for the values that are looked up, told by the bit-true evaluation."""

from dataclasses import replace
from pathlib import Path

import golden_designs
import needs
import numpy as np
import pytest

from backends.modelgraph.builder import build_graph
from backends.modelgraph.evaluate import Evaluated, evaluate
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings

X = [golden_designs.spread(1, 200, 6, low=-2, high=2)]


def evaluated(network: Network, folder: Path, **settings: object) -> Evaluated:
    graph, _ = build_graph(network, replace(Settings(), **settings), folder)
    return evaluate(graph, X)


def test_a_softmax_whose_exponentials_are_one_step_apart_is_told(tmp_path: Path) -> None:
    """With 18 integer bits, a step of the table is 2**17 / 1024 = 128: all classes are alike."""
    made = evaluated(golden_designs.classifier(), tmp_path, total_bits=24, integer_bits=18)
    assert np.ptp(made.outputs, axis=-1).max() == 0
    assert made.lost_share == 0
    found = made.counters["b_softmax"].coarse["exp"]
    assert found.step == 128
    assert 0.25 < found.error < 1


def test_fine_tables_are_not_told(tmp_path: Path) -> None:
    for name in ("classifier", "mlp"):
        for width, integer in ((16, 6), (12, 6), (18, 8)):
            network = getattr(golden_designs, name)()
            made = evaluated(network, tmp_path, total_bits=width, integer_bits=integer)
            assert not any(counter.coarse for counter in made.counters.values())


def test_a_larger_table_or_fewer_integer_bits_mend_it(tmp_path: Path) -> None:
    coarse = {"total_bits": 20, "integer_bits": 12}
    for settings, told in (
        (coarse, True),
        ({**coarse, "table_size": 16384}, False),
        ({**coarse, "integer_bits": 8}, False),
    ):
        made = evaluated(golden_designs.classifier(), tmp_path, **settings)
        assert bool(made.counters["b_softmax"].coarse) == told


def test_the_error_is_that_of_the_values_seen(tmp_path: Path) -> None:
    """Brute force: exponentials of the distances, and of the distances cut to a step."""
    settings = {"total_bits": 20, "integer_bits": 12}
    made = evaluated(golden_designs.classifier(), tmp_path, **settings)
    layers = [n for n in golden_designs.classifier().layers if n["name"] != "b_softmax"]
    logits = evaluated(Network(layers, ["x"], ["b"]), tmp_path, **settings).outputs
    distance = logits.max(axis=-1, keepdims=True) - logits
    errors = np.exp(-np.floor(distance / 2) * 2) - np.exp(-distance)
    found = made.counters["b_softmax"].coarse["exp"]
    assert found.step == 2
    assert found.error == pytest.approx(errors.max())


def test_an_inverse_by_coarse_steps_is_told(tmp_path: Path) -> None:
    """A table of 16 entries for sums below 128 has steps of 8; sums are 1 to 3."""
    made = evaluated(golden_designs.classifier(), tmp_path, table_size=16, integer_bits=3)
    found = made.counters["b_softmax"].coarse["inverse"]
    assert found.step == 16
    assert found.error > 1


def test_a_tanh_of_16_entries_is_told(tmp_path: Path) -> None:
    made = evaluated(golden_designs.mlp(), tmp_path, table_size=16)
    found = made.counters["b_tanh"].coarse["tanh"]
    assert found.step == 0.5
    assert 0.25 < found.error < 0.5
    assert not made.counters["c_sigmoid"].coarse


@needs.compiler
def test_csim_gives_the_same_collapse(tmp_path: Path) -> None:
    graph, _ = build_graph(
        golden_designs.classifier(), Settings(total_bits=24, integer_bits=18), tmp_path
    )
    graph.compile()
    expected = graph.predict(np.ascontiguousarray(X[0]))
    assert np.array_equal(evaluate(graph, X).outputs, expected)
