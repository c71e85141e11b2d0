"""Import modules that lie beside a study, as the layers or the score of someone's network do.

Python's import path is as before afterwards, so that studies in one process cannot find each
other's files, and what is found does not depend on what ran earlier.
"""

import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module, invalidate_caches
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from dse.contracts.errors import DataError
from dse.contracts.workload import Prepared

_MARK = "__dse_found_in__"
"""Attribute of modules that were found beside a study: its folder."""


def import_beside(name: str, folder: Path) -> ModuleType:
    """Import an installed module, or else one whose file is in `folder`.

    Args:
        name: full name, such as ``trigger`` or ``mine.layers``. It keeps this name, because
            Keras finds the classes of a saved network's layers by it.
        folder: where files may lie; the module finds its neighbours there too.

    Raises:
        DataError: there is no such module, or it cannot be imported.
    """
    try:
        with _also_in(folder):
            return import_module(name)
    except ImportError as error:
        hint = f"install it, or put its file into {folder} (custom_modules lists all it imports)"
        raise DataError(f"the module '{name}' cannot be imported: {error}", hint=hint) from error


def import_custom_modules(prepared: Prepared) -> None:
    """Import what a prepared network's layers come from; raises as `import_beside`."""
    for name in prepared.custom_modules:
        import_beside(name, prepared.modules)


def source_of(name: str, folder: Path) -> Path | None:
    """Return the file of a module that `import_beside` would import; None for built-in ones.

    Raises:
        DataError: there is no such module.
    """
    try:
        with _also_in(folder):
            spec = find_spec(name)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        hint = "install it, or put its file beside the study"
        raise DataError(f"there is no module '{name}'", hint=hint)
    return Path(spec.origin) if spec.has_location and spec.origin else None


def copy_modules(names: Iterable[str], source: Path, target: Path) -> None:
    """Copy the modules of `names` that lie in `source`, so that they travel with a network."""
    for top in dict.fromkeys(name.partition(".")[0] for name in names):
        package, file = source / top, source / f"{top}.py"
        target.mkdir(exist_ok=True)
        if file.is_file():
            shutil.copyfile(file, target / file.name)
        elif (package / "__init__.py").is_file():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(package, target / top, ignore=ignored, dirs_exist_ok=True)


@contextmanager
def _also_in(folder: Path) -> Iterator[None]:
    """Search a folder last, as long as an import takes."""
    place = str(folder.resolve())
    _forget_others(place)
    invalidate_caches()  # a file may be newer than Python's list of its folder
    before = set(sys.modules)
    sys.path.append(place)
    try:
        yield
    finally:
        sys.path.remove(place)
        for name in sys.modules.keys() - before:
            module = sys.modules[name]
            if str(getattr(module, "__file__", None) or "").startswith(f"{place}/"):
                setattr(module, _MARK, place)


def _forget_others(place: str) -> None:
    """Forget modules that came from other studies' folders; they may be called alike."""
    for name, module in list(sys.modules.items()):
        if getattr(module, _MARK, place) != place:
            del sys.modules[name]
