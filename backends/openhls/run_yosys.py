"""Run a script by Yosys."""

from pathlib import Path

from backends.openhls.allocation import with_large_heap
from backends.openhls.toolchain import Tool
from dse.runtime.tools import run_tool

LOG = "yosys.log"


def run_script(program: Tool, script: str, folder: Path, name: str) -> None:
    """Run a script in a folder, and keep it there with the log `yosys.log`.

    Args:
        program: the Yosys to use.
        script: commands; the files that they name are in the folder.
        folder: working folder.
        name: file name of the script.

    Raises:
        EvaluationError: Yosys failed.
    """
    (folder / name).write_text(script)
    run_tool(
        [*program.command, "-q", "-s", name],
        directory=folder,
        log=folder / LOG,
        environment=with_large_heap(program.environment),
        name=program.name,
    )
