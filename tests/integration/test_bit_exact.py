"""bittrue against the compiled firmware: not one bit may differ."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import needs
import numpy as np
import pytest

from backends.hls4ml.csim import compiled, run_library
from backends.modelgraph.builder import build_graph, write_project
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings

PRECISIONS = {
    "16_6": Settings(16, 6),
    "12_6": Settings(12, 6),
    "10_5": Settings(10, 5),
    "8_3_overflows": Settings(8, 3),
    "6_2_overflows": Settings(6, 2),
    "20_5": Settings(20, 5),
    "32_12": Settings(32, 12),
    "14_6_rnd": Settings(14, 6, rounding="RND"),
    "12_4_conv_sat": Settings(12, 4, rounding="RND_CONV", overflow="SAT"),
    "10_3_sat_resource": Settings(10, 3, overflow="SAT", strategy="resource", reuse_factor=4),
    "10_3_sat_sym": Settings(10, 3, rounding="RND_ZERO", overflow="SAT_SYM"),
    "12_5_name": Settings(12, 5, granularity="name"),
    "10_4_name_rnd_sat": Settings(10, 4, rounding="RND", overflow="SAT", granularity="name"),
    "16_6_resource": Settings(16, 6, strategy="resource", reuse_factor=8),
}
# every precision on one network, and the others on those that stress them most
IN_THE_GATE = {"16_6", "8_3_overflows", "10_3_sat_resource", "10_4_name_rnd_sat"}
CASES: list[Any] = [
    pytest.param("one_pass", name, marks=[] if name in IN_THE_GATE else pytest.mark.slow)
    for name in PRECISIONS
]
CASES += [
    (n, p)
    for n in ("two_passes", "appendix_a")
    for p in ("16_6", "8_3_overflows", "10_3_sat_resource")
]
CASES += [("mlp", name) for name in PRECISIONS]
PRECISIONS["64_24"] = Settings(64, 24)
PRECISIONS["12_5_tables"] = Settings(12, 5, table_precision="fixed<10,3,RND,SAT>", table_size=256)
CASES += [("mlp", "64_24"), ("mlp", "12_5_tables"), ("one_pass", "12_5_tables")]


@needs.compiler
@pytest.mark.parametrize(("network", "precision"), CASES)
def test_bittrue_is_csim(
    networks: dict[str, Network],
    batch: Callable[[str], list[np.ndarray[Any, Any]]],
    network: str,
    precision: str,
    tmp_path: Path,
) -> None:
    graph, _ = build_graph(networks[network], PRECISIONS[precision], tmp_path / "project")
    inputs = batch(network)
    expected = evaluate(graph, inputs)
    write_project(graph)
    library = compiled(tmp_path / "project", tmp_path / "cache", tmp_path / "log")
    np.testing.assert_array_equal(run_library(library, graph, inputs), expected.outputs)
    if "overflows" in precision:
        assert expected.lost_share > 0
