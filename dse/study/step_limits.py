"""Check that limits of a ladder's steps choose, and replace those of the search."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from dse.contracts.errors import StudyError, nearest
from dse.contracts.metric_names import MetricName
from dse.study.models import Study
from dse.study.source import Place


def step_limit_mistakes(
    study: Study, number: int, name: str, gives: Mapping[str, Collection[str]]
) -> Iterator[StudyError]:
    """Yield a mistake if a step's limit has no effect, or does not replace one of the search.

    Args:
        study: the study.
        number: position of the step in the ladder.
        name: name of the limit: ``metric`` or ``backend.metric``, both known.
        gives: metrics that each backend of the study may give, by the backend's name.
    """
    steps = study.search.ladder[: number + 1]
    backends = [backend for step in steps for backend in step.backends]
    place: Place = ("search", "ladder", number, "limits", name)
    if gives.keys() >= set(backends):  # unknown ones are reported where they are written
        yield from _without_effect(study, place, {m for b in backends for m in gives[b]})
    for other in study.search.limits:
        if other not in steps[-1].limits and _overlap(name, other, backends):
            message = f"'{name}' does not replace '{other}' of the search: both limits would hold"
            hint = f"write {other} here, as in search: limits, or both names"
            yield study.source.mistake(place, message, hint)


def _without_effect(study: Study, place: Place, given: Collection[str]) -> Iterator[StudyError]:
    """Yield a mistake if a limit is on a metric that is not given up to its step."""
    written = MetricName.parse(str(place[-1]))
    if not set(written.metrics) & set(given):
        message = f"no backend up to this step gives '{written.metric}'"
        yield study.source.mistake(place, message, nearest(written.metric, given))


def _overlap(one: str, other: str, backends: Sequence[str]) -> bool:
    """Whether two names may stand for the same number of these backends.

    The name of a backend that has not run yet counts as none, as in
    `dse.search.observations.ObservedPoints`: its metric is taken from those that have.
    """
    first, second = MetricName.parse(one), MetricName.parse(other)
    told = [
        (name.backend, name.fidelity) if name.backend in backends else ("", "")
        for name in (first, second)
    ]
    same = all("" in pair or len(set(pair)) == 1 for pair in zip(*told, strict=True))
    return same and bool(set(first.metrics) & set(second.metrics))
