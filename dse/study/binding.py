"""Binds a study to its workload and backends: who reads which parameter, and is it legal."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from random import Random
from typing import TYPE_CHECKING

from dse.contracts.backend import Resources
from dse.contracts.metrics import Direction, MetricInfo
from dse.contracts.parameters import Assignment, Parameter, Value, complete
from dse.study.source import Place
from dse.study.space import Space

if TYPE_CHECKING:
    from dse.contracts.backend import Backend
    from dse.contracts.workload import Workload
    from dse.study.models import Study

    Load = Callable[[str], type[Backend | Workload]]

_WALKED_POINTS = 1_000_000
"""A space of at most so many points is walked for its first legal one."""

_CHECKED_POINTS = 10_000
"""Points whose coupled values are checked at once; those beyond are checked when reached."""

_SAMPLED_POINTS = 1_000
"""The same for a space that is searched."""


@dataclass(frozen=True)
class Reader:
    """The workload or one backend, as a reader of parameters.

    Args:
        name: registered name.
        place: its section in the study.
        parameters: what it reads, by name.
        settings: what its section fixes.
        metrics: names of the metrics it can give.
        definitions: of those that are its own.
    """

    name: str
    place: Place
    parameters: Mapping[str, Parameter]
    settings: Assignment
    metrics: tuple[str, ...]
    definitions: tuple[MetricInfo, ...] = ()


@dataclass(frozen=True)
class Binding:
    """A study whose every parameter is read by someone and legal for all who read it.

    Args:
        study: the study.
        space: its points.
        workload: the workload's class.
        backends: backend classes by name, in the study's order.
        objectives: direction by name of every objective, in the study's order; a name is
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
        """Every parameter the workload reads at this point, defaults filled in.

        Raises:
            StudyError: a coupled value is not legal.
        """
        return _values(self.study, self._workload_reader, point)

    def backend_parameters(self, backend: str, point: Assignment) -> dict[str, Value]:
        """Every parameter a backend reads at this point, defaults filled in; raises alike."""
        return _values(self.study, self._backend_readers[backend], point)

    def limited(self, backend: str, resources: Resources) -> Resources:
        """What a backend asks for, within the study's limits; those need a process to end."""
        section = next(s for s in self.study.backends if s.name == backend)
        given = {name: getattr(section, name) for name in ("time_limit_s", "memory_limit_gb")}
        limited = replace(resources, **{k: v for k, v in given.items() if v is not None})
        ends = limited.time_limit_s is not None or limited.memory_limit_gb is not None
        return replace(limited, isolated=limited.isolated or ends)

    def readers(self, parameter: str) -> tuple[str, ...]:
        """Who reads a parameter: names of the workload and backends."""
        everyone = (self._workload_reader, *self._backend_readers.values())
        return tuple(reader.name for reader in everyone if parameter in reader.parameters)


def _values(study: "Study", reader: Reader, point: Assignment) -> dict[str, Value]:
    given = {**reader.settings, **point}
    values: dict[str, Value] = {}
    for name, parameter in reader.parameters.items():
        try:
            values |= complete((parameter,), given)
        except ValueError as error:
            message = f"{error} at the point {dict(point)}"
            raise study.source.mistake(("space", name), message) from None
    return values


def sample_points(binding: Binding) -> Iterator[Assignment]:
    """The first points of a grid; of a space that is searched, which may be huge, some anywhere.

    Raises:
        StudyError: the constraints leave none.
    """
    space = binding.space
    if binding.study.search.method == "grid":
        yield from islice(space.points(), _CHECKED_POINTS)
        return
    if space.raw_size <= _WALKED_POINTS:
        yield next(space.points())
    random = Random(0)  # noqa: S311  (no secret)
    for _ in range(_SAMPLED_POINTS):
        point = space.at([random.randrange(len(axis.rows)) for axis in space.axes])
        if not space.violations(point):
            yield point
