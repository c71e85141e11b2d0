"""Conformance suites of dse for this package: pip install -e . && pytest test_example.py"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dse_example.blobs import BlobsWorkload
from dse_example.cost_model import CostModelBackend, toggle_rate

from backends.modelgraph.network import Network
from backends.testing import LayerSuite
from dse.plugins import Backend, Prepared, Workload, complete
from dse.testing import BackendSuite, WorkloadSuite


class TestBlobs(WorkloadSuite):
    given = {"samples": 50}
    other = {"distance": 1.0}

    def make(self) -> Workload:
        return BlobsWorkload(Path())

    def output_shape(self, prepared: Prepared) -> tuple[int, ...]:
        return (len(prepared.arrays["labels"]), 1)


class TestCostModel(BackendSuite):
    given = {"total_bits": 6}

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _prepare(cls, tmp_path_factory: pytest.TempPathFactory) -> None:
        cls.workload = BlobsWorkload(Path())
        given = complete(cls.workload.parameters, {"samples": 50})
        folder = tmp_path_factory.mktemp("blobs")
        cls.network = cls.workload.prepare(given, folder, lambda _: None)

    def make(self) -> Backend:
        return CostModelBackend()

    def prepared(self) -> tuple[Workload, Prepared]:
        return self.workload, self.network


# --8<-- [start:layer]
class TestAbsolute(LayerSuite):
    def network(self) -> Network:
        x = {"name": "x", "class_name": "InputLayer", "input_shape": [4], "inputs": []}
        absolute = {"name": "a", "class_name": "Absolute", "n_in": 4, "inputs": ["x"]}
        return Network([x, absolute], ["x"], ["a"])

    def inputs(self) -> list[Any]:
        return [np.linspace(-9, 9, 64, dtype=np.float32).reshape(16, 4)]


# --8<-- [end:layer]
def test_toggle_rate_is_one_if_all_bits_change_and_zero_if_none_do() -> None:
    rows = np.array([[0.0], [-0.25], [0.0], [-0.25]])  # 0000 and 1111 in steps of a quarter
    assert toggle_rate(rows, 4, 2.0) == 1.0
    assert toggle_rate(np.ones((5, 3)), 4, 2.0) == 0.0
