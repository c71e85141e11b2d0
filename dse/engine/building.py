"""`dse build`: write the circuit of a stored point as a package, with a board's bitstream."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from dse.contracts.backend import Context, Job
from dse.contracts.circuits import CircuitBackend
from dse.contracts.errors import DataError, ToolMissingError, UsageError, nearest
from dse.contracts.registry import UnknownPluginError
from dse.engine.stored_jobs import stored_job
from dse.engine.worker import Folders, load_backend, prepared, workload_of
from dse.runtime import isolated
from dse.runtime.cache import open_cache
from dse.store.queries import StoredEvaluation


def circuit_of(point: int, study: str, evaluations: Sequence[StoredEvaluation]) -> StoredEvaluation:
    """Return the evaluation of a point that made a circuit.

    Raises:
        UsageError: none did; the message says which backends were asked, or why it failed.
    """
    made = [e for e in evaluations if isinstance(_installed(e), CircuitBackend)]
    done = [e for e in made if e.status == "done"]
    if done:
        return done[0]
    if made:
        backend, reason = made[0].backend, made[0].failure.get("message")
        message = f"{backend} made no circuit of point {point} of '{study}': {reason}"
        raise UsageError(message, hint=f"dse failures --study {study}")
    names = ", ".join(sorted(e.backend for e in evaluations)) or "none yet"
    raise UsageError(
        f"no backend made a circuit of point {point} of '{study}' (evaluated by: {names})",
        hint="add open to the backends of the study and run it again",
    )


def _installed(stored: StoredEvaluation) -> object:
    """Return the backend of an evaluation; None where its package is gone."""
    try:
        return load_backend(stored.backend)
    except (UnknownPluginError, ToolMissingError):
        return None


def checked_board(stored: StoredEvaluation, board: str | None) -> None:
    """Check that the backend of an evaluation knows a board.

    Raises:
        UsageError: it does not; the hint lists those it knows.
    """
    backend = load_backend(stored.backend)
    assert isinstance(backend, CircuitBackend)  # noqa: S101  (`circuit_of` has checked it)
    if board is not None and board not in backend.boards:
        raise UsageError(f"there is no board '{board}'", hint=nearest(board, backend.boards))


def free_folder(out: Path) -> None:
    """Check that a folder can be written.

    Raises:
        UsageError: it is a file, or holds something.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        message = "is not an empty folder"
        raise UsageError(message, where=str(out), hint="choose another folder, or remove this one")


def build(
    stored: StoredEvaluation, base: Path, cache: Path, out: Path, title: str, board: str | None
) -> Sequence[str]:
    """Write the package of a stored evaluation; nothing is left where that fails.

    Args:
        stored: an evaluation by a `CircuitBackend`.
        base: folder of the study file.
        cache: folder of reusable work.
        out: folder to write; it does not exist, or is empty.
        title: what the package is.
        board: board for whose bitstream; None for none.

    Returns:
        What was checked and reached, one line each.

    Raises:
        DseError: the circuit is no longer that of the evaluation, cannot be built, or is wrong.
    """
    free_folder(out)
    job = stored_job(stored, base)
    version = load_backend(job.backend).version
    if stored.adapter_version != version:
        raise DataError(
            f"the point was evaluated by version {stored.adapter_version} of {job.backend}, "
            f"this is version {version}, whose circuit may differ",
            hint="run the study again: only what has changed is evaluated",
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as scratch:
        folder = Path(scratch, "package")
        folder.mkdir()
        folders = Folders(open_cache(cache), folder)
        prepared(job, folders)
        log = Path(scratch, "log")
        arguments = (job, folders, title, board)
        said: Sequence[str] = isolated.call("dse.engine.building:write", *arguments, log=log)
        if out.exists():
            out.rmdir()
        folder.rename(out)
    return said


def write(job: Job, folders: Folders, title: str, board: str | None) -> Sequence[str]:
    """Write the package of a job; called in a process of its own."""
    backend = load_backend(job.backend)
    assert isinstance(backend, CircuitBackend)  # noqa: S101  (`circuit_of` has checked it)
    network = prepared(job, folders)
    context = Context(network, workload_of(job), folders.cache, folders.artifacts)
    return backend.write_package(job, context, title, board)
