"""What the conformance suites say about a plug-in with a mistake."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backends.modelgraph.network import Network
from backends.testing import LayerSuite as LayerContract
from dse.contracts.backend import Backend, Context, Job, Outcome
from dse.contracts.parameters import Parameter
from dse.contracts.workload import Prepared, Workload
from dse.testing import BackendSuite as Contract  # the name Test… would collect it here
from dse.testing.noop import NoopBackend, NoopWorkload


class Ignoring(NoopBackend):
    """A backend that declares a parameter and does not read it."""

    parameters = (*NoopBackend.parameters, Parameter("unused", int, 1, "not read"))


class Silent(NoopBackend):
    """A backend that says nothing of what it built, and returns another metric than declared."""

    metrics = ("lut",)

    def evaluate(self, job: Job, context: Context) -> Outcome:
        return replace(super().evaluate(job, context), effective={})


def suite(kind: type[Backend]) -> Any:
    """A suite for a backend class; `prepared` needs no files, as noop reads none."""

    class Suite(Contract):
        def make(self) -> Backend:
            return kind()

        def prepared(self) -> tuple[Workload, Prepared]:
            return NoopWorkload(Path()), Prepared(Path(), "0")

    return Suite()


def test_a_backend_need_not_say_what_it_built(tmp_path: Path) -> None:
    suite(Silent).test_what_was_built_is_json_and_files_are_there(tmp_path)


def test_a_mistake_is_named(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"take them out of `parameters`: \['unused'\]"):
        suite(Ignoring).test_every_declared_parameter_is_read(tmp_path)
    with pytest.raises(AssertionError, match=r"not declared in `metrics`: \['latency_ns'\]"):
        suite(Silent).test_metrics_are_declared_finite_and_at_a_known_fidelity(tmp_path)


def test_a_layer_whose_package_is_not_installed_is_named(tmp_path: Path) -> None:
    class Halved(LayerContract):
        def network(self) -> Network:
            x = {"name": "x", "class_name": "InputLayer", "input_shape": [4], "inputs": []}
            halved = {"name": "h", "class_name": "Halved", "inputs": ["x"]}
            return Network([x, halved], ["x"], ["h"])

        def inputs(self) -> list[Any]:
            return []

    with pytest.raises(AssertionError, match=r"no rules for Halved: .*pip install -e"):
        Halved().test_every_layer_has_a_cost(tmp_path)
