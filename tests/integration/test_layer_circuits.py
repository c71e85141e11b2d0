"""Circuits of layers against their values, and estimated costs against counted cells.

Layers of a family lie side by side in one network, so that one simulation holds them all: every
element of every layer's output is compared.
"""

from collections.abc import Callable
from pathlib import Path

import layer_samples
import needs
import numpy as np
import pytest
import random_images
from layer_samples import Sample

from backends.modelgraph.builder import build_graph
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.settings import Settings
from backends.openhls import simulate as simulation
from backends.openhls.lower import lower

_MERGE_TYPES = {"index": "uint<3>", "u": "ufixed<9,5>"}
_UNSIGNED_SUMS = {"turned": {"accum": "ufixed<12,3>"}}
_TABLE = {"table_size": 64, "table_precision": "fixed<40,6>"}
_LONG_TABLE = {"table_size": 4096, "table_precision": "fixed<44,4,RND,SAT>"}

CASES: dict[str, tuple[Callable[[], Sample], Settings]] = {
    "activations": (
        lambda: layer_samples.activations(0, table_size=64),
        Settings(16, 6, table_size=64),
    ),
    "activations_saturate": (
        lambda: layer_samples.activations(2, table_size=64),
        Settings(8, 3, "RND", "SAT", **_TABLE),
    ),
    "merges": (lambda: layer_samples.merges(0), Settings(10, 4, layer_precision=_MERGE_TYPES)),
    "merges_saturate": (
        lambda: layer_samples.merges(1),
        Settings(9, 4, "RND_CONV", "SAT", granularity="name", layer_precision=_MERGE_TYPES),
    ),
    "softmaxes": (lambda: layer_samples.softmaxes(1), Settings(12, 4, "RND", "SAT_SYM", **_TABLE)),
    "products": (
        lambda: layer_samples.products(0),
        Settings(12, 5, "RND", reuse_factor=4, layer_precision=_UNSIGNED_SUMS),
    ),
    "images": (lambda: layer_samples.pixels(0, 2), Settings(16, 6)),
    "shared_multipliers": (
        lambda: layer_samples.shared(0),
        Settings(12, 5, "RND", "SAT", granularity="name", reuse_factor=18, strategy="resource"),
    ),
    "sequences_saturate": (
        lambda: layer_samples.pixels(5, 1),
        Settings(9, 3, overflow="SAT", rounding="RND_INF"),
    ),
}

SLOW_CASES: dict[str, tuple[Callable[[], Sample], Settings]] = {
    "activations_long_tables": (
        lambda: layer_samples.activations(1, table_size=4096),
        Settings(24, 10, "RND_CONV", "SAT_SYM", granularity="name", **_LONG_TABLE),
    ),
    "activations_beyond_an_int": (
        lambda: layer_samples.activations(3, table_size=64),
        Settings(40, 34, "RND", **_TABLE),
    ),
    "merges_wide": (
        lambda: layer_samples.merges(2),
        Settings(30, 7, "RND_ZERO", "SAT_SYM", layer_precision=_MERGE_TYPES),
    ),
    "softmaxes_long_tables": (lambda: layer_samples.softmaxes(0), Settings(16, 6)),
    "softmaxes_short_tables": (
        lambda: layer_samples.softmaxes(2),
        Settings(9, 6, "RND_CONV", "SAT", table_size=16, granularity="name"),
    ),
    "products_truncate": (
        lambda: layer_samples.products(1),
        Settings(9, 3, "TRN_ZERO", granularity="name"),
    ),
    "normalisations_saturate": (
        lambda: layer_samples.normalisations(2),
        Settings(11, 5, "RND_CONV", "SAT_SYM", granularity="name"),
    ),
    "images_name": (
        lambda: layer_samples.pixels(2, 2),
        Settings(10, 4, "RND_CONV", "SAT", granularity="name"),
    ),
    "images_symmetric": (
        lambda: layer_samples.pixels(3, 2),
        Settings(9, 3, overflow="SAT_SYM", rounding="TRN_ZERO"),
    ),
}


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def agree(sample: Sample, settings: Settings, folder: Path, cache: Path) -> None:
    graph, _ = build_graph(sample.network, settings, folder / "project")
    expected = evaluate(graph, sample.inputs).outputs
    circuit, text = lower(graph)
    names = [variable.name for variable in graph.get_input_variables()]
    given = dict(zip(names, sample.inputs, strict=True))
    found = simulation.simulate(circuit, text, given, folder, cache)
    np.testing.assert_array_equal(found.outputs.reshape(expected.shape), expected)
    assert np.ptp(expected, axis=0).any(), "all samples have one output"


@needs.simulator
@pytest.mark.parametrize("case", CASES)
def test_circuits_give_the_values(case: str, tmp_path: Path, cache: Path) -> None:
    make, settings = CASES[case]
    agree(make(), settings, tmp_path, cache)


@needs.simulator
@pytest.mark.slow
@pytest.mark.parametrize("case", SLOW_CASES)
def test_more_circuits_give_the_values(case: str, tmp_path: Path, cache: Path) -> None:
    make, settings = SLOW_CASES[case]
    agree(make(), settings, tmp_path, cache)


@needs.simulator
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
@pytest.mark.parametrize("family", ["activations", "merges", "sums_of_products", "normalisations"])
def test_random_results_and_sums(family: str, seed: int, tmp_path: Path, cache: Path) -> None:
    sample = getattr(layer_samples, family)(seed)
    types = random_images.side_by_side_formats(sample.network, seed)
    agree(sample, Settings(16, 6, table_size=64, layer_precision=types), tmp_path, cache)


@needs.simulator
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20, 32))
def test_random_number_formats(seed: int, tmp_path: Path, cache: Path) -> None:
    """Every layer has random types, some of them unsigned."""
    sample = layer_samples.pixels(seed, 1 + seed % 2)
    agree(sample, random_images.settings(sample.network, seed), tmp_path, cache)
