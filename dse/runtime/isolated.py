"""Call a function in a separate Python process, which is ended with its children on a time-out.

For work that loads TensorFlow or compiled code, or that may have to be stopped: the calling
process stays small, and a crash of the child becomes a typed failure.
"""

import pickle
import re
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from dse.contracts.errors import DseError, EvaluationError, FailureKind
from dse.runtime.tools import die_with_parent, log_tail, run_tool

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONUNBUFFERED": "1"}
"""Environment that hides GPUs from TensorFlow and stops its messages. Output is not buffered, so
that the log is complete when the process is killed."""


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
    """Call ``module:name`` in a new process and return its result.

    Args:
        function: the function as ``module:name``, such as ``dse.engine.worker:evaluate``.
        arguments: positional arguments; they and the result must be picklable.
        log: file that the child's output is appended to.
        time_limit_s: the child and its children are ended after this time; None for no limit.
        memory_limit_gb: they are ended when they hold more resident memory; None for no limit.
        environment: variables added to this process's environment.
        name: name of the work in error messages.
        folders: folders that the child searches for modules before Python's path.

    Raises:
        DseError: raised by the function, or an EvaluationError of kind time_limit,
            out_of_memory or crashed.
    """
    with tempfile.TemporaryDirectory(prefix="dse-") as folder:
        request, answer = Path(folder, "request.pkl"), Path(folder, "answer.pkl")
        path = [*map(str, folders), *sys.path]  # folders added at run time are not inherited
        # a pickle of its own: the child needs the path to import the classes of the arguments
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
                message = f"{function} ended without a result{_final_exception(text)}"
                raise EvaluationError(FailureKind.CRASHED, message, log=text) from error
            raise
        succeeded, value = pickle.loads(answer.read_bytes())  # noqa: S301  (our own child wrote it)
    if succeeded:
        return value
    raise value


def _final_exception(log: str) -> str:
    """Return the exception in the last line of a log; empty if there is none."""
    line = next((line for line in reversed(log.splitlines()) if line.strip()), "")
    return f": {line[:200]}" if re.match(r"[\w.]+(Error|Exception)\b", line) else ""


def _end(signal_number: int, _frame: object) -> None:
    """End by an exception, on the way of which tools are ended with all that they have started."""
    sys.exit(128 + signal_number)


def _main(request: Path, answer: Path) -> None:
    signal.signal(signal.SIGTERM, _end)
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
