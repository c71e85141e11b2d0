"""Conformance suite of workloads: inherit `WorkloadSuite` and define `make` and `other`."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

import numpy as np

from dse.contracts.metrics import Fidelity
from dse.contracts.parameters import Assignment, Parameter, Value, complete
from dse.contracts.workload import Prepared, Workload
from dse.runtime import isolated
from dse.testing.backends import check_parameter


def prepare_in_child(workload: Workload, parameters: Assignment, folder: Path) -> str:
    """Prepare a workload in this process and return the fingerprint that was written.

    The suite calls it in a child process, as the engine does, because TensorFlow stays loaded.
    """
    return workload.prepare(parameters, folder, lambda _: None).fingerprint


class WorkloadSuite(ABC):
    """Tests of the contract in `dse.contracts.workload`."""

    given: ClassVar[Assignment] = {}
    """Parameters that differ from the defaults, to make preparation quick."""

    other: ClassVar[Assignment]
    """A parameter with a value that gives another network or score."""

    @abstractmethod
    def make(self) -> Workload:
        """Return a new instance of the workload."""

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
        """Names are unique, and every default passes its own check."""
        parameters: tuple[Parameter, ...] = self.make().parameters
        names = [parameter.name for parameter in parameters]
        assert len(set(names)) == len(names), f"two parameters have one name: {names}"
        for parameter in parameters:
            check_parameter(parameter)

    def test_the_fingerprint_knows_the_settings(self) -> None:
        """Equal settings give equal fingerprints, and `other` gives a different one."""
        one = self.make().fingerprint(self._parameters())
        again = self.make().fingerprint(self._parameters())
        assert one == again, "equal settings give two fingerprints"
        changed = self.make().fingerprint(self._parameters(**self.other))
        assert one != changed, f"the fingerprint does not depend on {dict(self.other)}"

    def test_what_is_prepared_can_be_read_and_scored(self, tmp_path: Path) -> None:
        """Files exist, inputs have equally many samples, and scores have the given fidelity."""
        workload, prepared = self.make(), self._prepare(tmp_path / "one")
        expected = workload.fingerprint(self._parameters())
        assert prepared.fingerprint == expected, "prepare wrote another fingerprint"
        assert prepared.model_path.is_file(), f"prepare did not write {prepared.model_path.name}"
        lengths = [len(array) for array in prepared.inputs]
        assert len(set(lengths)) == 1, f"the inputs have {lengths} samples"
        rng = np.random.default_rng(1)
        outputs = rng.random(self.output_shape(prepared))
        metrics = workload.score(prepared, outputs, Fidelity.CSIM)
        unknown = {metric.name for metric in metrics} - set(workload.metrics)
        assert not unknown, f"not declared in `metrics`: {sorted(unknown)}"
        fidelities = {metric.fidelity for metric in metrics}
        assert fidelities == {Fidelity.CSIM}, f"scored as csim, and the metrics are {fidelities}"
        if curve := workload.roc(prepared, outputs):
            (area,) = (metric.value for metric in metrics if metric.name == "auc")
            # the curve is thinned to 200 points and rounded, so its area is not exact
            drawn = np.trapezoid(curve[1], curve[0])
            assert abs(drawn - area) < 0.005, f"the curve's area is {drawn}, the AUC {area}"

    def test_preparing_twice_gives_the_same_evaluation_set(self, tmp_path: Path) -> None:
        """Both runs write equal arrays, so that results of different runs can be compared."""
        first, second = (self._prepare(tmp_path / name) for name in ("one", "two"))
        differing = first.arrays.keys() ^ second.arrays.keys()
        assert not differing, f"only one of two runs writes {sorted(differing)}"
        for name, array in first.arrays.items():
            np.testing.assert_array_equal(array, second.arrays[name])

    @abstractmethod
    def output_shape(self, prepared: Prepared) -> tuple[int, ...]:
        """Return the shape of the network's outputs on the evaluation set."""
