"""What every workload must do; inherit `WorkloadSuite` and say how to make one."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

import numpy as np

from dse.contracts.metrics import Fidelity
from dse.contracts.parameters import Assignment, Parameter, Value, complete
from dse.contracts.workload import Prepared, Workload
from dse.runtime import isolated


def prepare_in_child(workload: Workload, parameters: Assignment, folder: Path) -> str:
    """Prepare in this process; the fingerprint of what was written."""
    return workload.prepare(parameters, folder, lambda _: None).fingerprint


class WorkloadSuite(ABC):
    """Tests of the contract in `dse.contracts.workload`."""

    given: ClassVar[Assignment] = {}
    """Parameters that differ from the defaults, to make preparation quick."""

    other: ClassVar[Assignment]
    """A parameter with a value that makes another network or another score."""

    @abstractmethod
    def make(self) -> Workload:
        """A fresh workload."""

    def _parameters(self, **more: Value) -> dict[str, Value]:
        return complete(self.make().parameters, {**self.given, **more})

    def _prepare(self, folder: Path) -> Prepared:
        folder.mkdir()
        fingerprint = isolated.call(
            f"{__name__}:prepare_in_child",
            self.make(),
            self._parameters(),
            folder,
            log=folder / "log",
        )
        return Prepared(folder, fingerprint)

    def test_parameters_are_described_and_their_defaults_legal(self) -> None:
        """As those of backends."""
        parameters: tuple[Parameter, ...] = self.make().parameters
        assert len({p.name for p in parameters}) == len(parameters)
        for parameter in parameters:
            assert parameter.description
            assert parameter.check(parameter.default) == parameter.default

    def test_the_fingerprint_knows_the_settings(self) -> None:
        """Equal settings give equal fingerprints, others give others."""
        one = self.make().fingerprint(self._parameters())
        assert one == self.make().fingerprint(self._parameters())
        assert one != self.make().fingerprint(self._parameters(**self.other))

    def test_what_is_prepared_can_be_read_and_scored(self, tmp_path: Path) -> None:
        """The files are there, samples agree in number, a score comes with its fidelity."""
        workload, prepared = self.make(), self._prepare(tmp_path / "one")
        assert prepared.fingerprint == workload.fingerprint(self._parameters())
        assert prepared.model_path.is_file()
        assert len({len(array) for array in prepared.inputs}) == 1
        rng = np.random.default_rng(1)
        outputs = rng.random(self.output_shape(prepared))
        metrics = workload.score(prepared, outputs, Fidelity.CSIM)
        assert {metric.name for metric in metrics} <= set(workload.metrics)
        assert {metric.fidelity for metric in metrics} == {Fidelity.CSIM}
        if curve := workload.roc(prepared, outputs):
            (area,) = (metric.value for metric in metrics if metric.name == "auc")
            assert abs(np.trapezoid(curve[1], curve[0]) - area) < 0.005

    def test_preparing_twice_gives_the_same_evaluation_set(self, tmp_path: Path) -> None:
        """So that numbers of different runs can be compared."""
        first, second = (self._prepare(tmp_path / name) for name in ("one", "two"))
        assert first.arrays.keys() == second.arrays.keys()
        for name, array in first.arrays.items():
            np.testing.assert_array_equal(array, second.arrays[name])

    @abstractmethod
    def output_shape(self, prepared: Prepared) -> tuple[int, ...]:
        """Shape of the network's outputs on the evaluation set."""
