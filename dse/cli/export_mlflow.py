"""`dse export --mlflow`: the points of a study as runs of an MLflow experiment."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dse.cli.console import console
from dse.formatting import counted
from dse.runtime.cache import digest

if TYPE_CHECKING:
    from dse.analysis.tracked_runs import TrackedRun
    from dse.store.queries import Results, StudySummary

POINT, CONTENT, STUDY = "dse.point", "dse.content", "dse.study"
"""Tags of runs that dse wrote: number of the point, digest of what is logged, name of the study."""

_SAY_EVERY = 500
_PAGE = 1000  # runs that are asked for at once
_BATCH = 100  # parameters or tags that MLflow takes in one request


def export_mlflow(uri: str, results: "Results", study: "StudySummary") -> None:
    """Log all evaluated points of a study to the experiment of its name.

    A point that was logged before and has nothing new is left alone; one that has is logged anew.

    Args:
        uri: of the tracking server: ``http://…``, or ``sqlite:///mlflow.db``.
        results: the database.
        study: the study.

    Raises:
        UsageError: the server refuses, or its experiment of this name was deleted.
    """
    from dse.analysis.tracked_runs import tracked_runs

    with _client(uri) as client:
        experiment = _experiment(client, study.name)
        there: dict[str, list[Any]] = {}
        for found in _runs(client, experiment, study.name):
            there.setdefault(found.data.tags[POINT], []).append(found)
        logged, runs = 0, list(tracked_runs(results, study))
        for run in runs:
            old = there.get(str(run.point), [])
            if any(one.data.tags.get(CONTENT) == _content(run) for one in old):
                continue
            _log(client, experiment, study.name, run)
            for one in old:
                client.delete_run(one.info.run_id)
            logged += 1
            if logged % _SAY_EVERY == 0:
                console(stderr=True).print(f"{logged:,} runs logged")
    known = f", {len(runs) - logged:,} there already" if len(runs) > logged else ""
    console(stderr=True).print(f"{study.name}: {counted(logged, 'run')} logged to {uri}{known}")


@contextmanager
def _client(uri: str) -> Iterator[Any]:
    """Yield a client of MLflow, whose errors become errors of dse.

    Raises:
        ToolMissingError: MLflow is not installed.
        UsageError: MLflow raised an error; it has the first sentence of its message.
    """
    from dse.contracts.errors import ToolMissingError, UsageError

    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    except ModuleNotFoundError as error:
        hint = "pip install 'dse-fpga[mlflow]'"
        raise ToolMissingError("MLflow is not installed", hint=hint) from error
    try:
        yield MlflowClient(tracking_uri=uri)
    except MlflowException as error:
        hint = "give the address of a tracking server, or a file: sqlite:///mlflow.db"
        said = str(error).partition(". ")[0]
        raise UsageError(f"MLflow refuses: {said}", where=uri, hint=hint) from error


def _experiment(client: Any, name: str) -> str:
    found = client.get_experiment_by_name(name)
    return str(found.experiment_id if found else client.create_experiment(name))


def _runs(client: Any, experiment: str, study: str) -> Iterator[Any]:
    """Yield the runs that dse wrote for a study."""
    token = None
    while True:
        condition = f"tags.`{STUDY}` = '{study}'"
        page = client.search_runs([experiment], condition, max_results=_PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _log(client: Any, experiment: str, study: str, run: "TrackedRun") -> None:
    """Log one point as a new run; its mark comes last, so that half a run is logged again."""
    from mlflow.entities import Metric, Param, RunTag

    end_ms = int(run.ended.timestamp() * 1000)
    marks = {STUDY: study, POINT: str(run.point)}
    made = client.create_run(
        experiment, start_time=end_ms, tags=marks, run_name=f"{study} {run.point}"
    )
    name = made.info.run_id
    client.log_batch(name, metrics=[Metric(n, v, end_ms, 0) for n, v in run.metrics.items()])
    for some in _parts(run.parameters.items()):
        client.log_batch(name, params=[Param(*pair) for pair in some])
    for some in _parts([*run.tags.items(), (CONTENT, _content(run))]):
        client.log_batch(name, tags=[RunTag(*pair) for pair in some])
    client.set_terminated(name, "FAILED" if run.failed else "FINISHED", end_ms)


def _content(run: "TrackedRun") -> str:
    """Return the digest of what is told of a point; it changes when there is something new."""
    return digest(dict(run.parameters), dict(run.metrics), dict(run.tags))


def _parts(pairs: Iterable[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    listed = list(pairs)
    return (listed[start : start + _BATCH] for start in range(0, len(listed), _BATCH))
