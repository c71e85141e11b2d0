"""A study together with its plug-ins: which of them reads which parameter at which value."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from random import Random
from typing import TYPE_CHECKING

from dse.contracts.backend import Resources
from dse.contracts.errors import StudyError
from dse.contracts.metric_names import MetricName
from dse.contracts.metrics import SHARE_SUFFIX, Direction, MetricInfo
from dse.contracts.parameters import Assignment, Parameter, Value, complete, shown, written_out
from dse.study.items import gathered, parameter_of
from dse.study.parameter_files import with_files
from dse.study.source import Place
from dse.study.space import Space

if TYPE_CHECKING:
    from dse.contracts.backend import Backend
    from dse.contracts.workload import Workload
    from dse.study.models import Study

    Load = Callable[[str], type[Backend | Workload]]

_WALKED_POINTS = 1_000_000
"""Largest space that is scanned for a first legal point, to refuse constraints that leave none."""

_CHECKED_POINTS = 10_000
"""Points of a grid whose coupled values are checked before a run; later ones during the run."""

_SAMPLED_POINTS = 1_000
"""Random points that are checked before a run where the space is searched."""


@dataclass(frozen=True)
class Reader:
    """Parameters and metrics of the workload or of one backend.

    Args:
        name: registered name of the plug-in.
        place: place of its section in the study.
        parameters: the parameters it reads, by name.
        settings: values that its section fixes, by name.
        metrics: names of the metrics it can give.
        definitions: definitions of the metrics that it adds to the catalogue.
    """

    name: str
    place: Place
    parameters: Mapping[str, Parameter]
    settings: Assignment
    metrics: tuple[str, ...]
    definitions: tuple[MetricInfo, ...] = ()


@dataclass(frozen=True)
class Binding:
    """A study with its plug-ins, after all checks: every parameter of the space is read by one.

    Args:
        study: the study.
        space: its points.
        workload: the workload's class.
        backends: backend classes by name, in the study's order.
        objectives: direction of every objective by name, in the study's order; a name is
            ``metric``, or ``backend.metric`` where several backends give it.
    """

    study: "Study"
    space: Space
    workload: "type[Workload]"
    backends: "Mapping[str, type[Backend]]"
    objectives: Mapping[str, Direction]
    _workload_reader: Reader = field(repr=False)
    _backend_readers: Mapping[str, Reader] = field(repr=False)

    def workload_parameters(self, point: Assignment) -> dict[str, Value]:
        """Return every parameter the workload reads at this point, with defaults filled in.

        Raises:
            StudyError: a coupled value is not legal.
        """
        return _values(self.study, self._workload_reader, point)

    def backend_parameters(self, backend: str, point: Assignment) -> dict[str, Value]:
        """Return every parameter a backend reads at this point, with defaults filled in.

        Raises:
            StudyError: a coupled value is not legal, or a file that a value names is wrong.
        """
        values = _values(self.study, self._backend_readers[backend], point)
        return with_files(self.backends[backend].parameters, values, self.study.base)

    def limited(self, backend: str, resources: Resources) -> Resources:
        """Return a backend's resources with the study's limits on time and memory applied.

        An evaluation with a limit is isolated, since only a separate process can be ended.
        """
        section = next(s for s in self.study.backends if s.name == backend)
        given = {name: getattr(section, name) for name in ("time_limit_s", "memory_limit_gb")}
        limited = replace(resources, **{k: v for k, v in given.items() if v is not None})
        ends = limited.time_limit_s is not None or limited.memory_limit_gb is not None
        return replace(limited, isolated=limited.isolated or ends)

    def gives(self, backend: str) -> set[str]:
        """Return the names of the metrics that a backend may give, utilisations included."""
        reader = self._backend_readers[backend]
        return metrics_given(self.backends[backend], reader, self._workload_reader)

    def missed(self, failing: Sequence[str], succeeding: Collection[str]) -> list[str]:
        """Return those failing backends that leave an objective or limit without a number.

        Without objectives, these are all: the study asks for every backend alike.

        Args:
            failing: backends of which every evaluation failed.
            succeeding: backends that gave results.
        """
        if not self.objectives:
            return list(failing)
        limits = self.study.search.every_limit
        wanted = [MetricName.parse(name) for name in (*self.objectives, *limits)]

        def may_give(backend: str, name: MetricName) -> bool:
            return name.backend in {"", backend} and bool({*name.metrics} & self.gives(backend))

        lacking = [name for name in wanted if not any(may_give(b, name) for b in succeeding)]
        return [b for b in failing if any(may_give(b, name) for name in lacking)]

    def readers(self, parameter: str) -> tuple[str, ...]:
        """Return the names of the plug-ins that read a parameter, the workload first."""
        everyone = (self._workload_reader, *self._backend_readers.values())
        whole = parameter_of(parameter)
        return tuple(reader.name for reader in everyone if whole in reader.parameters)


def metrics_given(backend: "type[Backend]", reader: Reader, workload: Reader) -> set[str]:
    """Return the names of the metrics that a backend may give, utilisations included.

    Args:
        backend: the backend's class.
        reader: the backend as a reader.
        workload: the workload as a reader, whose metrics it gives if it computes outputs.
    """
    names = set(reader.metrics)
    # a class that does not inherit from `Backend` may not say so
    if getattr(backend, "computes_outputs", True):
        names |= set(workload.metrics)
    return names | {f"{name}{SHARE_SUFFIX}" for name in names}


def _values(study: "Study", reader: Reader, point: Assignment) -> dict[str, Value]:
    given = _given(study, reader, point)
    values: dict[str, Value] = {}
    for name, parameter in reader.parameters.items():
        try:
            values |= complete((parameter,), given)
        except ValueError as error:
            raise _at_point(study, name, point, error) from None
    return values


def _given(study: "Study", reader: Reader, point: Assignment) -> Assignment:
    """Return what the study and the point give; validation refuses a name that is in both."""
    try:
        given = gathered({**reader.settings, **point})
        return written_out(reader.parameters.values(), given)
    except ValueError as error:
        raise _at_point(study, "", point, error) from None


def _at_point(study: "Study", name: str, point: Assignment, error: ValueError) -> StudyError:
    place = ", ".join(f"{key} = {shown(value)}" for key, value in point.items())
    where = ("space", name) if name else ("space",)
    return study.source.mistake(where, f"{error} at the point {place}")


def sample_points(binding: Binding) -> Iterator[Assignment]:
    """Yield points for a check before the run: the first of a grid, or random ones for a search.

    A space that is searched may be far too large to generate.

    Raises:
        StudyError: no point satisfies the constraints.
    """
    space = binding.space
    if binding.study.search.method == "grid":
        yield from islice(space.points(), _CHECKED_POINTS)
        return
    if space.raw_size <= _WALKED_POINTS:
        yield next(space.points())
    random = Random(0)  # noqa: S311  (not for security; the seed makes errors repeatable)
    for _ in range(_SAMPLED_POINTS):
        point = space.at([random.randrange(len(axis.rows)) for axis in space.axes])
        if not space.violations(point):
            yield point
