"""Call a function in a Python process of its own, ended as a whole group on a time-out.

For work that loads TensorFlow or compiled code, or that may have to be ended: the calling
process stays small, and a crash of the child is a typed failure.
"""

import pickle
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from dse.contracts.errors import DseError, EvaluationError, FailureKind
from dse.runtime.tools import die_with_parent, log_tail, run_tool

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONUNBUFFERED": "1"}
"""Environment that keeps TensorFlow on the CPU and silent."""


def call(
    function: str,
    *arguments: object,
    log: Path,
    time_limit_s: float | None = None,
    memory_limit_gb: float | None = None,
    environment: Mapping[str, str] = QUIET,
    name: str = "",
    folders: Sequence[Path] = (),
) -> Any:
    """The result of ``module:name`` called with picklable arguments.

    Args:
        function: where it is defined, such as ``dse.engine.worker:evaluate``.
        arguments: positional arguments.
        log: gets what the child prints.
        time_limit_s: the child and all it started are ended after this time.
        memory_limit_gb: the same where they hold more.
        environment: added to the child's environment.
        name: what messages call the work.
        folders: where the child looks for modules before all others.

    Raises:
        DseError: what the function raised, or an EvaluationError of kind time_limit,
            out_of_memory or crashed.
    """
    with tempfile.TemporaryDirectory(prefix="dse-") as folder:
        request, answer = Path(folder, "request.pkl"), Path(folder, "answer.pkl")
        path = [*map(str, folders), *sys.path]  # the child has a path of its own otherwise
        # the path apart: the child needs it before it can read objects of the caller's modules
        request.write_bytes(pickle.dumps(path) + pickle.dumps((function, arguments)))
        try:
            run_tool(
                [sys.executable, "-m", "dse.runtime.isolated", request, answer],
                directory=Path.cwd(),
                log=log,
                time_limit_s=time_limit_s,
                memory_limit_gb=memory_limit_gb,
                environment=environment,
                name=name,
            )
        except EvaluationError as error:
            if error.kind is FailureKind.TOOL_FAILED:
                text = log_tail(log)
                message = f"{function} ended early{_last_words(text)}"
                raise EvaluationError(FailureKind.CRASHED, message, log=text) from error
            raise
        succeeded, value = pickle.loads(answer.read_bytes())  # noqa: S301  (our own child wrote it)
    if succeeded:
        return value
    raise value


def _last_words(log: str) -> str:
    """The exception at the end of a log, if that is how it ends."""
    line = next((line for line in reversed(log.splitlines()) if line.strip()), "")
    return f": {line[:200]}" if re.match(r"[\w.]+(Error|Exception)\b", line) else ""


def _main(request: Path, answer: Path) -> None:
    die_with_parent()
    with request.open("rb") as file:
        sys.path[:] = pickle.load(file)  # noqa: S301  (our parent wrote it)
        function, arguments = pickle.load(file)  # noqa: S301
    module, name = function.split(":")
    result: tuple[bool, object]
    try:
        result = (True, getattr(import_module(module), name)(*arguments))
    except DseError as error:
        result = (False, error)
    answer.write_bytes(pickle.dumps(result))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]))
