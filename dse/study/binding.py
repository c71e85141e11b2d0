"""Binds a study to its workload and backends: who reads which parameter, and is it legal."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from random import Random
from typing import TYPE_CHECKING

from dse.contracts.backend import Resources
from dse.contracts.errors import StudyError, nearest
from dse.contracts.metrics import CATALOGUE, Direction
from dse.contracts.parameters import Assignment, Parameter, Value, complete
from dse.contracts.registry import Registry, UnknownPluginError
from dse.study.search_config import search_mistakes
from dse.study.source import Place, raise_mistakes
from dse.study.space import Space

if TYPE_CHECKING:
    from dse.contracts.backend import Backend
    from dse.contracts.workload import Workload
    from dse.study.models import BackendSection, Study, WorkloadSection

    Load = Callable[[str], type[Backend | Workload]]

MOST_POINTS = 1_000_000
"""Points of a grid; more is a mistake in the file, not a plan."""

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
    """

    name: str
    place: Place
    parameters: Mapping[str, Parameter]
    settings: Assignment
    metrics: tuple[str, ...]


@dataclass(frozen=True)
class Binding:
    """A study whose every parameter is read by someone and legal for all who read it.

    Args:
        study: the study.
        space: its points.
        workload: the workload's class.
        backends: backend classes by name, in the study's order.
        objectives: direction of every objective's metric, in the study's order.
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


def bind(study: "Study", registry: Registry) -> Binding:
    """Check a study against the plug-ins it names.

    Raises:
        StudyError: lists every mistake found, each with its place.
        dse.contracts.errors.ToolMissingError: a plug-in does not import here.
    """
    readers, unknown = _readers(study, registry)
    mistakes = [*study.mistakes(), *unknown]
    mistakes += [*_setting_mistakes(study, readers), *_value_mistakes(study, readers)]
    if not unknown:
        metrics = {*CATALOGUE, *(metric for reader in readers for metric in reader.metrics)}
        mistakes += [*_unread(study, readers), *_objective_mistakes(study, metrics)]
        mistakes += search_mistakes(study, metrics)
    raise_mistakes(mistakes)
    space = Space(study)
    grid = study.search.method == "grid"
    if grid and space.raw_size > MOST_POINTS:
        message = f"the space has {space.raw_size:.3g} points; a grid of more than {MOST_POINTS:,} "
        hint = "search: {method: tpe, budget: {points: 200}} runs some of them"
        raise study.source.mistake(("space",), f"{message}is not run", hint)
    binding = Binding(
        study,
        space,
        registry.workload_class(study.workload.name),
        {section.name: registry.backend_class(section.name) for section in study.backends},
        {o.metric: o.direction or CATALOGUE[o.metric].direction for o in study.objectives},
        readers[0],
        {reader.name: reader for reader in readers[1:]},
    )
    _check_points(binding)
    return binding


def _readers(study: "Study", registry: Registry) -> tuple[list[Reader], list[StudyError]]:
    """The workload and then the backends, and the names nobody registered."""
    load_workload, load_backend = registry.workload_class, registry.backend_class
    sections: list[tuple[Place, WorkloadSection | BackendSection, Load]]
    sections = [(("workload",), study.workload, load_workload)]
    sections += [(("backends", i), s, load_backend) for i, s in enumerate(study.backends)]
    readers, unknown = [], []
    for place, section, load in sections:
        try:
            plugin = load(section.name)
        except UnknownPluginError as error:
            unknown.append(study.source.mistake((*place, "name"), str(error), error.hint))
            continue
        parameters = {parameter.name: parameter for parameter in plugin.parameters}
        names: Callable[[Assignment], tuple[str, ...]] | None
        names = getattr(plugin, "metric_names", None)
        metrics = names(section.settings) if names else getattr(plugin, "metrics", ())
        readers.append(Reader(section.name, place, parameters, section.settings, metrics))
    return readers, unknown


def _setting_mistakes(study: "Study", readers: Sequence[Reader]) -> Iterator[StudyError]:
    """Fixed settings that nobody reads, that are not legal, or that the space has too."""
    for reader in readers:
        for name, value in reader.settings.items():
            place = (*reader.place, name)
            if name not in reader.parameters:
                message = f"'{reader.name}' does not read '{name}'"
                yield study.source.mistake(place, message, nearest(name, reader.parameters))
                continue
            if name in study.space:
                message = f"'{name}' is fixed here and also at {study.source.where('space', name)}"
                yield study.source.mistake(place, message, "keep one of the two")
            yield from _illegal(study, place, reader.parameters[name], value)


def _value_mistakes(study: "Study", readers: Sequence[Reader]) -> Iterator[StudyError]:
    """Values of the space that are not legal for everyone who reads them."""
    for name, domain in study.space.items():
        parameters = [r.parameters[name] for r in readers if name in r.parameters]
        for index, value in enumerate(domain.expand()):
            place = _value_place(study, name, index)
            for parameter in parameters:
                yield from _illegal(study, place, parameter, value)


def _value_place(study: "Study", name: str, index: int) -> Place:
    listed: Place = ("space", name, "values", index)
    return listed if listed in study.source.origins else ("space", name, index)


def _illegal(
    study: "Study", place: Place, parameter: Parameter, value: Value
) -> Iterator[StudyError]:
    try:
        parameter.check(value)
    except ValueError as error:
        yield study.source.mistake(place, str(error))


def _unread(study: "Study", readers: Sequence[Reader]) -> Iterator[StudyError]:
    read = {name for reader in readers for name in reader.parameters}
    who = "; ".join(f"{r.name} reads {', '.join(sorted(r.parameters)) or '-'}" for r in readers)
    for name in study.space:
        if name not in read:
            message = f"neither the workload nor a backend of this study reads '{name}'"
            close = nearest(name, read).partition("legal:")[0]
            yield study.source.mistake(("space", name), message, f"{close}{who}")


def _objective_mistakes(study: "Study", legal: Collection[str]) -> Iterator[StudyError]:
    for index, objective in enumerate(study.objectives):
        name, place = objective.metric, ("objectives", index)
        if name not in legal:
            yield study.source.mistake(place, f"there is no metric '{name}'", nearest(name, legal))
        elif name not in CATALOGUE and objective.direction is None:
            hint = f"write {{metric: {name}, direction: minimise}} or maximise"
            yield study.source.mistake(place, f"'{name}' needs a direction", hint)


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


def _check_points(binding: Binding) -> None:
    """Meet wrong coupled values and an empty space now rather than in the middle of a run."""
    for point in some_points(binding):
        binding.workload_parameters(point)
        for backend in binding.backends:
            binding.backend_parameters(backend, point)


def some_points(binding: Binding) -> Iterator[Assignment]:
    """The first points of a grid; of a space that is searched, which may be huge, some anywhere.

    Raises:
        StudyError: the constraints leave none.
    """
    space = binding.space
    if binding.study.search.method == "grid":
        yield from islice(space.points(), _CHECKED_POINTS)
        return
    if space.raw_size <= MOST_POINTS:
        yield next(space.points())
    random = Random(0)  # noqa: S311  (no secret)
    for _ in range(_SAMPLED_POINTS):
        point = space.at([random.randrange(len(axis.rows)) for axis in space.axes])
        if not space.violations(point):
            yield point
