"""Virtual environments of their own for tools that dse is compared with and does not depend on.

They are made in ``.dse/environments`` at the first use. A variable such as ``RULE4ML_PYTHON``
names the Python of an environment that has the tool instead.
"""

import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(".dse") / "environments"


def python(name: str, packages: Sequence[str], unwanted: Sequence[str] = ()) -> Path:
    """Return the Python that has a tool; make its environment where there is none.

    Args:
        name: of the tool, in lower case.
        packages: what pip installs, with versions.
        unwanted: packages that come with these and are removed.
    """
    if given := os.environ.get(f"{name.upper()}_PYTHON"):
        return Path(given)
    folder = (FOLDER / name).resolve()
    found, complete = folder / "bin" / "python", folder / "complete"
    if not complete.exists():
        sys.stderr.write(f"making an environment for {name} in {folder}\n")
        venv.create(folder, with_pip=True, clear=True)
        _pip(found, "install", "--quiet", *packages)
        if unwanted:
            _pip(found, "uninstall", "--quiet", "--yes", *unwanted)
        complete.touch()  # an interrupted installation is made again
    return found


def _pip(found: Path, *arguments: str) -> None:
    subprocess.run([str(found), "-m", "pip", *arguments], check=True)
