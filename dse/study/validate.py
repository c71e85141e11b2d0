"""Read a study and report every mistake in it: in its form, its meaning and its plug-ins."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from pydantic import ValidationError

from dse.contracts.backend import Backend
from dse.contracts.catalogue import MetricCatalogue
from dse.contracts.errors import PluginConflictError, PluginNameError, StudyError, nearest
from dse.contracts.metric_names import MetricName
from dse.contracts.metrics import MetricInfo
from dse.contracts.parameters import Assignment, Parameter, Value
from dse.contracts.registry import Registry, UnknownPluginError
from dse.contracts.workload import Workload
from dse.study.binding import Binding, Reader, metrics_given, sample_points
from dse.study.expressions import Expression
from dse.study.form_errors import form_mistakes
from dse.study.items import as_value, is_mapping, parameter_of
from dse.study.models import GUIDED, BackendSection, Study, WorkloadSection
from dse.study.overrides import apply_overrides
from dse.study.per_layer import asks_per_layer, refuse_unexpanded
from dse.study.source import (
    Place,
    StudySource,
    load_yaml,
    parse_study_yaml,
    raise_mistakes,
)
from dse.study.space import Space, couplings_of
from dse.study.step_limits import step_limit_mistakes

Load = Callable[[str], type[Backend | Workload]]
Expand = Callable[[StudySource], StudySource]

MOST_POINTS = 1_000_000
"""Largest number of points that a grid may have, before constraints."""


def load_study(path: Path, overrides: Iterable[str] = ()) -> Study:
    """Read a study file and check it without plug-ins.

    Args:
        path: the file.
        overrides: ``path=value`` strings; see `dse.study.overrides.apply_overrides`.

    Raises:
        StudyError: lists every mistake found, each with its place.
    """
    return _checked(_formed(load_yaml(path), path, overrides))


def parse_study(text: str, path: Path = Path("study.yaml"), overrides: Iterable[str] = ()) -> Study:
    """Read a study from its YAML text and check it without plug-ins; raises as `load_study`.

    Args:
        text: the YAML text.
        path: name of the file in errors; relative paths in the study refer to its folder.
        overrides: as for `load_study`.
    """
    return _checked(_formed(parse_study_yaml(text, str(path)), path, overrides))


def load_binding(
    path: Path, overrides: Iterable[str], registry: Registry, expand: Expand | None = None
) -> Binding:
    """Read a study file and bind it to plug-ins; all mistakes are reported together.

    Args:
        path: the file.
        overrides: as for `load_study`.
        registry: plug-ins that the study may name.
        expand: writes out the parameters of a space per layer; None where that is not done.

    Raises:
        StudyError: lists every mistake found, each with its place.
        dse.contracts.errors.ToolMissingError: a plug-in cannot be imported.
    """
    return bind(_formed(load_yaml(path), path, overrides, expand), registry)


def parse_binding(
    text: str,
    path: Path,
    registry: Registry,
    overrides: Iterable[str] = (),
    expand: Expand | None = None,
) -> Binding:
    """Read a study from its YAML text and bind it to plug-ins; raises as `load_binding`.

    Args:
        text: the YAML text.
        path: name of the file in errors; relative paths in the study refer to its folder.
        registry: plug-ins that the study may name.
        overrides: as for `load_study`.
        expand: as for `load_binding`.
    """
    return bind(_formed(parse_study_yaml(text, str(path)), path, overrides, expand), registry)


def _formed(
    source: StudySource, path: Path, overrides: Iterable[str], expand: Expand | None = None
) -> Study:
    """Return the sections of a study: keys and types are checked, their meaning is not.

    Raises:
        StudyError: lists every mistake found, each with its place.
    """
    source = apply_overrides(source, overrides)
    if asks_per_layer(source):
        if expand is None:
            raise refuse_unexpanded(source)
        source = expand(source)
    # null is a section whose lines are all commented out, and the same as an absent one
    given = {"name": path.stem} | {k: v for k, v in source.tree.items() if v is not None}
    try:
        return Study.model_validate(given, context=(source, path.resolve().parent))
    except ValidationError as error:
        raise_mistakes(form_mistakes(source, error))
        raise


def _checked(study: Study) -> Study:
    raise_mistakes(list(_own_mistakes(study)))
    return study


def _own_mistakes(study: Study) -> Iterator[StudyError]:
    """Yield mistakes in the meaning of a study that can be found without plug-ins."""
    yield from _duplicates(study)
    yield from _unknown_names(study)
    yield from _cycles(study)
    yield from _zip_mistakes(study)


def bind(study: Study, registry: Registry) -> Binding:
    """Check a study against the plug-ins it names.

    Raises:
        StudyError: lists every mistake found, each with its place.
        dse.contracts.errors.ToolMissingError: a plug-in cannot be imported.
    """
    readers, unknown = _readers(study, registry)
    mistakes = [*_own_mistakes(study), *unknown]
    mistakes += [*_setting_mistakes(study, readers), *_value_mistakes(study, readers)]
    if not unknown:  # otherwise parameters and metrics of an unknown plug-in would be reported too
        known, conflicts = _known_metrics(study, readers, registry)
        metrics = {*known, *(metric for reader in readers for metric in reader.metrics)}
        mistakes += [*_unread(study, readers), *conflicts]
        mistakes += _objective_mistakes(study, metrics, known)
        mistakes += _search_mistakes(study, metrics, _given(readers, registry))
    raise_mistakes(mistakes)
    space = Space(study)  # only now: it relies on what has just been checked
    grid = study.search.method == "grid"
    if grid and space.raw_size > MOST_POINTS:
        message = f"the space has {space.raw_size:.3g} points; a grid of more than {MOST_POINTS:,} "
        hint = "search: {method: tpe, budget: {points: 200}} runs some of them"
        raise study.source.mistake(("space",), f"{message}is not run", hint)
    binding = Binding(
        study=study,
        space=space,
        workload=registry.workload_class(study.workload.name),
        backends={section.name: registry.backend_class(section.name) for section in study.backends},
        objectives={
            o.metric: o.direction or known[MetricName.parse(o.metric).metric].direction
            for o in study.objectives
        },
        _workload_reader=readers[0],
        _backend_readers={reader.name: reader for reader in readers[1:]},
    )
    _check_points(binding)
    return binding


def _readers(study: Study, registry: Registry) -> tuple[list[Reader], list[StudyError]]:
    """Return the workload and then the backends as readers, and mistakes for unknown names.

    A plug-in that does not inherit from `Workload` or `Backend` may lack the optional attributes.
    """
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
        metrics, own = _metrics_of(plugin, list(_possible_settings(study, section, parameters)))
        readers.append(
            Reader(
                name=section.name,
                place=place,
                parameters=parameters,
                settings=section.settings,
                metrics=metrics,
                definitions=own,
            )
        )
    return readers, unknown


def _possible_settings(
    study: Study, section: WorkloadSection | BackendSection, parameters: Mapping[str, Parameter]
) -> Iterator[Assignment]:
    """Yield settings that a plug-in may get: with its defaults, then with each name in the space.

    A parameter with a name, such as that of a score, may decide which metrics there are.
    """
    fixed = {name: parameter.default for name, parameter in parameters.items()}
    yield (fixed := fixed | dict(section.settings))
    for name in parameters.keys() & study.space.keys():
        values = study.space[name].expand()
        yield from ({**fixed, name: value} for value in values if isinstance(value, str))


def _metrics_of(
    plugin: type[Backend | Workload], possible: Sequence[Assignment]
) -> tuple[tuple[str, ...], tuple[MetricInfo, ...]]:
    """Return names and definitions of the metrics that a plug-in may give, each once."""
    names: Callable[[Assignment], tuple[str, ...]] | None
    names = getattr(plugin, "metric_names", None)
    defines: Callable[[Assignment], tuple[MetricInfo, ...]] | None
    defines = getattr(plugin, "definitions", None)
    if names:
        metrics = tuple(dict.fromkeys(name for given in possible for name in names(given)))
    else:
        metrics = getattr(plugin, "metrics", ())
    if defines is None:
        return metrics, getattr(plugin, "metric_definitions", ())
    own: dict[str, MetricInfo] = {}
    for given in possible:
        for info in defines(given):
            own.setdefault(info.name, info)
    return metrics, tuple(own.values())


def _known_metrics(
    study: Study, readers: Sequence[Reader], registry: Registry
) -> tuple[MetricCatalogue, list[StudyError]]:
    """Return the definitions of installed packages and this study's plug-ins, and conflicts."""
    known, conflicts = registry.metrics, []
    for reader in readers:
        try:
            known = known.extended([(f"'{reader.name}'", reader.definitions)])
        except (PluginConflictError, PluginNameError) as error:
            conflicts.append(study.source.mistake(reader.place, error.message, error.hint))
    return known, conflicts


def _setting_mistakes(study: Study, readers: Sequence[Reader]) -> Iterator[StudyError]:
    """Yield mistakes for settings that are unknown, not legal, or also in the space."""
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


def _value_mistakes(study: Study, readers: Sequence[Reader]) -> Iterator[StudyError]:
    """Yield mistakes for values of the space that are not legal for a plug-in that reads them."""
    for name, domain in study.space.items():
        whole = parameter_of(name)
        parameters = [r.parameters[whole] for r in readers if whole in r.parameters]
        if not all(is_mapping(name, {whole: parameter}) for parameter in parameters):
            message = f"'{whole}' has no items: it is no mapping"
            yield study.source.mistake(("space", name), message, f"write {whole}")
            continue
        for index, value in enumerate(domain.expand()):
            place = _value_place(study, name, index)
            for parameter in parameters:
                yield from _illegal(study, place, parameter, as_value(name, value))


def _value_place(study: Study, name: str, index: int) -> Place:
    """Return the place of a value, which may be written as a bare list or under ``values``."""
    listed: Place = ("space", name, "values", index)
    return listed if listed in study.source.origins else ("space", name, index)


def _illegal(
    study: Study, place: Place, parameter: Parameter, value: Value
) -> Iterator[StudyError]:
    try:
        parameter.check(value)
    except ValueError as error:
        about = f"{parameter.name}: {parameter.description}"
        yield study.source.mistake(place, str(error), about)


def _unread(study: Study, readers: Sequence[Reader]) -> Iterator[StudyError]:
    """Yield mistakes for parameters of the space that no plug-in reads."""
    read = {name for reader in readers for name in reader.parameters}
    who = "; ".join(f"{r.name} reads {', '.join(sorted(r.parameters)) or '-'}" for r in readers)
    for name in study.space:
        if parameter_of(name) not in read:
            message = f"neither the workload nor a backend of this study reads '{name}'"
            close = nearest(name, read).partition("legal:")[0]
            yield study.source.mistake(("space", name), message, f"{close}{who}")


def _objective_mistakes(
    study: Study, legal: Collection[str], known: Collection[str]
) -> Iterator[StudyError]:
    for index, objective in enumerate(study.objectives):
        name, place = objective.metric, ("objectives", index)
        mistakes = list(_name_mistakes(study, place, name, legal))
        yield from mistakes
        unknown = MetricName.parse(name).metric not in known
        if unknown and objective.direction is None and not mistakes:
            hint = f"write {{metric: {name}, direction: minimise}} or maximise"
            yield study.source.mistake(place, f"'{name}' needs a direction", hint)


def _name_mistakes(
    study: Study, place: Place, name: str, legal: Collection[str]
) -> Iterator[StudyError]:
    """Yield a mistake if ``metric`` or ``backend.metric`` names an unknown metric or backend."""
    written, backends = MetricName.parse(name), [section.name for section in study.backends]
    if written.backend and written.backend not in backends:
        message = f"'{written.backend}' is no backend of this study"
        yield study.source.mistake(place, message, nearest(written.backend, backends))
    elif written.metric not in legal:
        hint = nearest(written.metric, legal)
        yield study.source.mistake(place, f"there is no metric '{written.metric}'", hint)


def _check_points(binding: Binding) -> None:
    """Check coupled values and constraints on sample points, before a run rather than within it.

    Raises:
        StudyError: a value is not legal, or no point satisfies the constraints.
    """
    for point in sample_points(binding):
        binding.workload_parameters(point)
        for backend in binding.backends:
            binding.backend_parameters(backend, point)


def _duplicates(study: Study) -> Iterable[StudyError]:
    sections: dict[str, Sequence[str]] = {
        "backends": [backend.name for backend in study.backends],
        "objectives": [objective.metric for objective in study.objectives],
    }
    for section, names in sections.items():
        for index, name in enumerate(names):
            if name in names[:index]:
                yield study.source.mistake(
                    (section, index), f"'{name}' is listed twice", "remove one"
                )


def _unknown_names(study: Study) -> Iterator[StudyError]:
    written: dict[tuple[str | int, ...], Expression] = {}
    written |= {("space", name, "coupled"): e for name, e in couplings_of(study).items()}
    constraints = enumerate(map(Expression.parse, study.constraints))
    written |= {("constraints", index): expression for index, expression in constraints}
    for place, expression in written.items():
        for name in sorted(expression.names - study.space.keys()):
            message = f"'{expression.text}' reads '{name}', which is not in the space"
            yield study.source.mistake(place, message, nearest(name, study.space))


def _cycles(study: Study) -> Iterator[StudyError]:
    graph = {name: expression.names for name, expression in couplings_of(study).items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        message = f"couplings depend on each other in a circle: {' → '.join(cycle)}"
        yield study.source.mistake(("space", cycle[0], "coupled"), message)


def _zip_mistakes(study: Study) -> Iterator[StudyError]:
    seen: Counter[str] = Counter()
    for index, group in enumerate(study.zipped):
        seen.update(group)
        for name in group:
            problem, hint = _member_problem(study, name, seen[name])
            if problem:
                yield study.source.mistake(("zip", index), f"'{name}' {problem}", hint)
        free = (n for n in group if n in study.space and study.space[n].coupled is None)
        lengths = {name: len(study.space[name].expand()) for name in free}
        if len(set(lengths.values())) > 1:
            counts = ", ".join(f"{name} has {count}" for name, count in lengths.items())
            message = f"parameters that advance together need equally many values: {counts}"
            yield study.source.mistake(("zip", index), message)


def _member_problem(study: Study, name: str, count: int) -> tuple[str, str]:
    if name not in study.space:
        return "is not in the space", nearest(name, study.space)
    if study.space[name].coupled is not None:
        return "is coupled, so it cannot advance on its own", "take it out of the group"
    if count > 1:
        return "is in zip groups twice", "one group can hold more than two parameters"
    return "", ""


def _given(readers: Sequence[Reader], registry: Registry) -> dict[str, set[str]]:
    """Return the metrics that each backend may give, by its name; the workload is read first."""
    workload, *backends = readers
    return {b.name: metrics_given(registry.backend_class(b.name), b, workload) for b in backends}


def _search_mistakes(
    study: Study, metrics: Iterable[str], gives: Mapping[str, Collection[str]]
) -> Iterator[StudyError]:
    """Yield mistakes in the section ``search`` that only the rest of the study shows.

    Args:
        study: the study.
        metrics: legal names of limits.
        gives: metrics that each backend may give, by its name.
    """
    search = study.search
    yield from _limit_mistakes(study, set(metrics), gives)
    needs = search.method if search.method in GUIDED else "a ladder" if search.ladder else ""
    if needs and not study.objectives:
        hint = "such as objectives: [auc, lut]"
        yield study.source.mistake(("search",), f"{needs} needs objectives", hint)
    yield from _ladder_mistakes(study, [section.name for section in study.backends])


def _limit_mistakes(
    study: Study, legal: Collection[str], gives: Mapping[str, Collection[str]]
) -> Iterator[StudyError]:
    """Yield mistakes in names of limits, of the search and of steps, and limits without use."""
    for name in study.search.limits:
        yield from _name_mistakes(study, ("search", "limits", name), name, legal)
    ladder = study.search.ladder
    for number, step in enumerate(ladder[:-1]):
        for name in step.limits:
            place = ("search", "ladder", number, "limits", name)
            unknown = list(_name_mistakes(study, place, name, legal))
            yield from unknown or step_limit_mistakes(study, number, name, gives)
    if ladder and ladder[-1].limits:
        message = "no step chooses from the results of the last one"
        hint = "limits of the designs that a study is to find are search: {limits: ...}"
        last: Place = ("search", "ladder", len(ladder) - 1, "limits")
        yield study.source.mistake(last, message, hint)


def _ladder_mistakes(study: Study, backends: Sequence[str]) -> Iterator[StudyError]:
    ladder = study.search.ladder
    seen: dict[str, list[Assignment]] = {}
    for step, rung in enumerate(ladder):
        yield from _step_mistakes(study, step)
        for index, name in enumerate(rung.backends):
            place = ("search", "ladder", step, "backends", index)
            if name not in backends:
                message = f"'{name}' is no backend of this study"
                yield study.source.mistake(place, message, nearest(name, backends))
            elif rung.at in seen.get(name, []):
                yield study.source.mistake(place, f"'{name}' is in the ladder twice")
            seen.setdefault(name, []).append(rung.at)
    left = [name for name in backends if name not in seen]
    if ladder and left:
        yield study.source.mistake(
            ("search", "ladder"), f"no step runs {', '.join(left)}", "add it"
        )
    if ladder and ladder[0].keep < 1:
        message = "the first step evaluates all points, so keep has to be 1"
        hint = "choose fewer points by the method and its budget"
        yield study.source.mistake(("search", "ladder", 0, "keep"), message, hint)


def _step_mistakes(study: Study, step: int) -> Iterator[StudyError]:
    """Yield mistakes in the values that a step of the ladder sets."""
    ladder = study.search.ladder
    zipped = {name for group in study.zipped for name in group}
    for name, value in ladder[step].at.items():
        place = ("search", "ladder", step, "at", name)
        values = study.space[name].values if name in study.space else None
        if not values or name in zipped:
            message = f"'{name}' is no parameter with values of its own in the space"
            yield study.source.mistake(place, message, nearest(name, study.space))
        elif value not in values:
            text = ", ".join(map(str, values))
            yield study.source.mistake(place, f"{value} is not in the space", f"one of {text}")
        elif name not in ladder[0].at:
            message = f"the first step does not say its {name}"
            yield study.source.mistake(place, message, f"give every step of the ladder at: {name}")
    for name in ladder[0].at.keys() - ladder[step].at.keys():
        message = f"this step does not say its {name}"
        yield study.source.mistake(("search", "ladder", step), message, f"add at: {{{name}: ...}}")
