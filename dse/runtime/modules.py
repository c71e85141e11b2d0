"""Import modules from the folder of a study, such as custom layers or a score of a network.

Python's import path is restored after each import, so that studies in one process cannot import
each other's files, and the result of an import does not depend on earlier studies.
"""

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module, invalidate_caches
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from dse.contracts.errors import DataError
from dse.contracts.workload import Prepared
from dse.runtime.cache import digest
from dse.runtime.checksums import file_digest
from dse.runtime.trust import check_trusted

_MARK = "__dse_found_in__"
"""Attribute that is set on modules imported from a study's folder; its value is the folder."""


def import_beside(name: str, folder: Path) -> ModuleType:
    """Import an installed module, or else one whose file is in `folder`.

    Args:
        name: full name, such as ``trigger`` or ``mine.layers``. The module is registered under
            this name, because Keras finds the classes of a saved network's layers by it.
        folder: folder to search after Python's path; the module's own imports are found there too.

    Raises:
        DataError: there is no such module, it cannot be imported, or its folder is not trusted.
    """
    check_module(name, folder)
    try:
        with _searching(folder):
            return import_module(name)
    except ImportError as error:
        hint = f"install it, or put its file into {folder} (custom_modules lists all it imports)"
        raise DataError(f"the module '{name}' cannot be imported: {error}", hint=hint) from error


def check_module(name: str, folder: Path) -> None:
    """Refuse a module that is in `folder` if that is not trusted; installed ones are.

    Raises:
        DataError: as `dse.runtime.trust.check_trusted`.
    """
    top = name.partition(".")[0]
    if (folder / f"{top}.py").is_file() or (folder / top).is_dir():
        check_trusted(name, folder)


def import_custom_modules(prepared: Prepared) -> None:
    """Import the modules that define a network's custom layers; raises as `import_beside`."""
    for name in prepared.custom_modules:
        import_beside(name, prepared.modules)


def source_of(name: str, folder: Path) -> Path | None:
    """Return the file that `import_beside` would import; None for built-in modules.

    Raises:
        DataError: there is no such module.
    """
    try:
        with _searching(folder):
            spec = _spec_of(name)
    except ValueError:  # a module made by hand, without a spec
        spec = None
    if spec is None:
        hint = "install it, or put its file beside the study"
        raise DataError(f"there is no module '{name}'", hint=hint)
    return Path(spec.origin) if spec.has_location and spec.origin else None


def _spec_of(name: str) -> ModuleSpec | None:
    """Return where a module is, without running it or the packages that it is in."""
    top, *inner = name.split(".")
    spec, full = find_spec(top), top
    for part in inner:
        if spec is None or spec.submodule_search_locations is None:
            return None
        full = f"{full}.{part}"
        spec = PathFinder.find_spec(full, spec.submodule_search_locations)
    return spec


def module_digest(name: str, folder: Path) -> str:
    """Return what identifies the code of a module, so that edits and upgrades are noticed.

    That is its file; in a package of the folder, every Python file of the package, since they
    import each other; in an installed package, its version too.

    Raises:
        DataError: there is no such module.
    """
    file = source_of(name, folder)
    if file is None:
        return name
    top = name.partition(".")[0]
    package = folder.resolve() / top
    if not file.resolve().is_relative_to(package):
        return digest(file_digest(file), _versions(top))
    return digest(
        [(p.relative_to(package).as_posix(), file_digest(p)) for p in sorted(package.rglob("*.py"))]
    )


def _versions(package: str) -> list[str]:
    """Return names and versions of the distributions that bring a package; none for a file."""
    return [f"{name} {version(name)}" for name in _distributions().get(package, ())]


@cache
def _distributions() -> Mapping[str, list[str]]:
    return (
        packages_distributions()
    )  # reads the files of all installed packages: a third of a second


def copy_modules(names: Iterable[str], source: Path, target: Path) -> None:
    """Copy those of the named modules that are in `source` to `target`, packages as a whole.

    A prepared network is read in other processes and on other machines, without the study's folder.

    Args:
        names: full names of modules; those that are not in `source` are skipped.
        source: folder of the study.
        target: folder to copy to, created if absent.

    Raises:
        DataError: `source` is not trusted.
    """
    for top in dict.fromkeys(name.partition(".")[0] for name in names):
        check_module(top, source)
        package, file = source / top, source / f"{top}.py"
        target.mkdir(exist_ok=True)
        if file.is_file():
            shutil.copyfile(file, target / file.name)
        elif package.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(package, target / top, ignore=ignored, dirs_exist_ok=True)


@contextmanager
def _searching(folder: Path) -> Iterator[None]:
    """Append a folder to Python's path within a ``with`` statement, and mark what is imported."""
    place = str(folder.resolve())
    _unload_modules_of_other_folders(place)
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


def _unload_modules_of_other_folders(place: str) -> None:
    """Unload modules from other studies' folders, since their names may be the same."""
    for name, module in list(sys.modules.items()):
        if getattr(module, _MARK, place) != place:
            del sys.modules[name]
