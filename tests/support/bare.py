"""A machine with nothing but a shell and its utilities: no Python, no HOME, no other variable."""

import shutil
from pathlib import Path

UTILITIES = ("sh", "date", "dirname", "grep", "rm", "uname", "xargs")
"""Programs of the system that emitted scripts start; docs/how-to/slurm.md names them."""


def environment(folder: Path, *programs: str | Path) -> dict[str, str]:
    """Return all variables of such a machine: PATH, with one folder.

    Args:
        folder: made with links to the utilities.
        programs: further ones by name or path, such as the tool's.
    """
    folder.mkdir()
    for program in (*UTILITIES, *programs):
        found = shutil.which(program)
        assert found, program
        (folder / Path(program).name).symlink_to(found)
    return {"PATH": str(folder)}
