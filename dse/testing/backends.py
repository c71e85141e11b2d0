"""Conformance suite of backends: inherit `BackendSuite` and define `make` and `prepared`."""

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import ClassVar

from dse.contracts.backend import Backend, Context, Job, Outcome
from dse.contracts.catalogue import MetricCatalogue
from dse.contracts.metric_names import LEGAL, is_legal_name
from dse.contracts.metrics import Fidelity, Metric, MetricInfo
from dse.contracts.parameters import Assignment, Parameter, Value, complete
from dse.contracts.workload import Prepared, Workload
from dse.runtime.cache import digest

_TIMED = Fidelity.MEASURED  # repeated time measurements differ


class RecordingParameters(Mapping[str, Value]):
    """Parameters that record which of them were read."""

    def __init__(self, values: Assignment) -> None:
        self._values = values
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Value:
        self.read.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class BackendSuite(ABC):
    """Tests of the contract in `dse.contracts.backend`."""

    given: ClassVar[Assignment] = {}
    """Parameters that differ from the defaults, to make the evaluation small."""

    of_other_settings: ClassVar[AbstractSet[str]] = frozenset()
    """Metrics that `given` does not give, such as those of another stage or family of parts."""

    @abstractmethod
    def make(self) -> Backend:
        """Return a new instance of the backend."""

    @abstractmethod
    def prepared(self) -> tuple[Workload, Prepared]:
        """Return a small prepared workload that this backend can evaluate."""

    def cache(self, folder: Path) -> Path:
        """Return the cache folder of an evaluation; override to share it between slow tests."""
        return folder / "cache"

    def _job(self, parameters: Assignment) -> Job:
        workload, prepared = self.prepared()
        # not of `parameters`, which record what reads them
        key = digest(self.make().name, self._parameters())
        return Job(
            key=key,
            backend=self.make().name,
            parameters=parameters,
            workload=workload.name,
            workload_parameters={},
            fingerprint=prepared.fingerprint,
            base=Path(),
        )

    def _parameters(self) -> dict[str, Value]:
        return complete(self.make().parameters, self.given)

    def _evaluate(self, folder: Path, parameters: Assignment) -> Outcome:
        workload, prepared = self.prepared()
        context = Context(prepared, workload, self.cache(folder), folder / "evaluation")
        return self.make().evaluate(self._job(parameters), context)

    def test_parameters_are_described_and_their_defaults_legal(self) -> None:
        """Names are unique identifiers, and every default passes its own check."""
        parameters = self.make().parameters
        names = [parameter.name for parameter in parameters]
        assert len(set(names)) == len(names), f"two parameters have one name: {names}"
        for parameter in parameters:
            check_parameter(parameter)

    def test_conditions_can_name_the_backend_and_its_metrics(self) -> None:
        """Names are such that ``backend.metric < 5`` is an expression."""
        backend = self.make()
        for name in (backend.name, *backend.metrics):
            assert is_legal_name(name), f"'{name}' cannot stand in a condition; legal: {LEGAL}"

    def test_the_probe_names_a_tool_or_says_how_to_get_it(self) -> None:
        """An available backend names its tool, another what is missing; probing twice agrees."""
        probe = self.make().probe()
        assert probe == self.make().probe(), "probing twice gives two answers"
        if probe.available:
            assert probe.tool, "an available backend names its tool in Probe.tool"
        else:
            assert probe.reason, "say in Probe.reason what is missing"
            assert probe.install, "say in Probe.install how to get it"

    def test_canonical_parameters_are_stable(self) -> None:
        """`canonical` is idempotent, and neither adds nor drops a parameter."""
        backend, parameters = self.make(), self._parameters()
        once = backend.canonical(parameters)
        assert backend.canonical(once) == once, "canonical(canonical(p)) differs from canonical(p)"
        changed = set(once) ^ set(parameters)
        assert not changed, f"canonical adds or drops {changed}: return every parameter"

    def test_planning_has_no_effects(self) -> None:
        """Resources are positive, and the same for the same job."""
        job = self._job(self._parameters())
        resources = self.make().plan(job)
        assert resources == self.make().plan(job), "planning one job twice gives two answers"
        assert resources.cpus > 0, "Resources.cpus must be positive"
        assert resources.memory_gb > 0, "Resources.memory_gb must be positive"
        assert resources.expected_s >= 0, "Resources.expected_s must not be negative"

    def test_every_declared_parameter_is_read(self, tmp_path: Path) -> None:
        """Planning and evaluating together read every declared parameter.

        One that is ignored would give points different keys and equal results.
        """
        recording = RecordingParameters(self._parameters())
        self.make().plan(self._job(recording))
        self._evaluate(tmp_path, recording)
        ignored = set(recording) - recording.read
        assert not ignored, f"never read, so take them out of `parameters`: {sorted(ignored)}"

    def test_metrics_are_declared_finite_and_at_a_known_fidelity(self, tmp_path: Path) -> None:
        """Their units and directions are those of the catalogue."""
        outcome = self._evaluate(tmp_path, self._parameters())
        workload, _ = self.prepared()
        legal = {*self.make().metrics, *(workload.metrics if self.make().computes_outputs else ())}
        known = MetricCatalogue([(self.make().name, self.make().metric_definitions)])
        assert outcome.failure is None, f"the evaluation failed: {outcome.failure}"
        given = {metric.name for metric in outcome.metrics}
        assert given <= legal, f"not declared in `metrics`: {sorted(given - legal)}"
        lacking = set(self.make().metrics) - given - self.of_other_settings
        assert not lacking, f"declared in `metrics` and not returned: {sorted(lacking)}"
        for metric in outcome.metrics:
            _check_metric(metric, known)

    def test_what_was_built_is_json_and_files_are_there(self, tmp_path: Path) -> None:
        """The effective configuration, which may be empty, is JSON; artifacts are in the folder."""
        outcome = self._evaluate(tmp_path, self._parameters())
        json.dumps(dict(outcome.effective))  # raises TypeError that names the type
        folder = (tmp_path / "evaluation").resolve()
        for artifact in outcome.artifacts:
            path = (folder / artifact.path).resolve()
            assert path.exists(), f"the artifact {artifact.path} does not exist in {folder}"
            assert path.is_relative_to(folder), f"the artifact {path} is not in {folder}"

    def test_the_same_job_gives_the_same_numbers(self, tmp_path: Path) -> None:
        """Another instance in another folder gives equal metrics, except for measured ones."""
        first, second = (
            self._evaluate(tmp_path / name, self._parameters()).metrics for name in "ab"
        )
        assert steady(first) == steady(second), "two evaluations of one job differ"


def steady(metrics: tuple[Metric, ...]) -> dict[str, float]:
    """Return the values that do not vary between runs, by name: all but measured ones."""
    return {m.name: m.value for m in metrics if m.fidelity is not _TIMED}


def check_parameter(parameter: Parameter) -> None:
    """Check that a parameter has a legal name, a description and a legal default."""
    name = parameter.name
    assert name.isidentifier(), f"'{name}' is no legal name: letters, digits and '_'"
    assert parameter.description, f"'{name}' has no description"
    checked = parameter.check(parameter.default)  # raises ValueError for an illegal default
    assert checked == parameter.default, f"the default of '{name}' is not of its type"


def _check_metric(metric: Metric, known: Mapping[str, MetricInfo]) -> None:
    name = metric.name
    assert math.isfinite(metric.value), f"{name} is {metric.value}"
    if name in known:
        info, found = known[name], (metric.unit, metric.direction)
        defined = (info.unit, info.direction)
        assert found == defined, f"{name} has unit and direction {found}, its definition {defined}"
    if metric.low is not None and metric.high is not None:
        interval = f"[{metric.low}, {metric.high}]"
        assert metric.low <= metric.value <= metric.high, f"{name} is not within {interval}"
