"""Every workload against the one contract."""

from pathlib import Path

from dse.contracts.workload import Prepared, Workload
from dse.testing import WorkloadSuite
from workloads.keras import KerasWorkload
from workloads.onnx import OnnxWorkload
from workloads.tracking.workload import TrackingWorkload


class TestKeras(WorkloadSuite):
    given = {"max_samples": 200}
    other = {"score": "auc"}

    def make(self) -> Workload:
        return KerasWorkload(Path(__file__).parents[2] / "studies" / "jets")

    def output_shape(self, prepared: Prepared) -> tuple[int, ...]:
        return prepared.arrays["targets"].shape


class TestOnnx(WorkloadSuite):
    given = {"max_samples": 50, "score": "auc"}
    other = {"score": "accuracy"}

    def make(self) -> Workload:
        return OnnxWorkload(Path(__file__).parents[2] / "studies" / "breast_cancer")

    def output_shape(self, prepared: Prepared) -> tuple[int, ...]:
        return (*prepared.arrays["targets"].shape, 1)


class TestTracking(WorkloadSuite):
    given = {"n_train_events": 3, "n_test_events": 2, "epochs": 1}
    other = {"seed": 2}

    def make(self) -> Workload:
        return TrackingWorkload(Path())

    def output_shape(self, prepared: Prepared) -> tuple[int, ...]:
        return (*prepared.arrays["labels"].shape, 1)
