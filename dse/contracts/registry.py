"""Installed backends, workloads and metrics, found by entry point and imported when needed."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property
from importlib.metadata import EntryPoint
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Generic, TypeVar

from dse.contracts.entries import entry_points
from dse.contracts.errors import PluginConflictError, PluginNameError, ToolMissingError, nearest
from dse.contracts.extras import install_hint
from dse.contracts.metric_names import LEGAL, is_legal_name

if TYPE_CHECKING:
    from dse.contracts.backend import Backend
    from dse.contracts.catalogue import MetricCatalogue
    from dse.contracts.metrics import MetricInfo
    from dse.contracts.workload import Workload

T = TypeVar("T")

BACKENDS = "dse.backends"
WORKLOADS = "dse.workloads"
COMMANDS = "dse.commands"
"""Entry-point groups that a plug-in package declares."""

METRICS = "dse.metrics"
"""Entry points of this group name tuples of `MetricInfo`. Every command that shows results imports
their modules, so they must import nothing but `dse.contracts.metrics`."""

LAYERS = "dse.layers"
"""Entry points of this group name a tuple of `LayerRules`, such as ``my_package.square:RULES``;
see `backends.modelgraph.layers`."""

REFERENCES = "dse.references"
"""Entry points of this group name packages whose YAML files hold published results; see
`dse.analysis.references`."""

HIDDEN = {BACKENDS: "dse.testing.backends", WORKLOADS: "dse.testing.workloads"}
"""Groups of test plug-ins, which can be loaded by name, also in worker processes, but are not
listed; see `dse.testing.noop`."""

BROKEN = (
    ImportError,
    AttributeError,  # the module lacks the object that the entry point names
    OSError,  # ctypes: a shared library is missing
    RuntimeError,
    SyntaxError,
    NameError,
    TypeError,
    ValueError,
)
"""Exceptions by which importing a plug-in fails."""

_LOG = logging.getLogger(__name__)


class UnknownPluginError(ValueError):
    """No plug-in has this name; `hint` lists the names that exist."""

    def __init__(self, kind: str, name: str, legal: Iterable[str]) -> None:
        super().__init__(f"there is no {kind} '{name}'")
        self.hint = nearest(name, legal)


class Plugins(Generic[T]):
    """Plug-in classes of one kind by name, each imported at its first use.

    Args:
        kind: ``backend`` or ``workload``, for error messages.
        loaders: functions that import and return a class, by name.
        hidden: the same for plug-ins that are not listed in `names`.
    """

    def __init__(
        self,
        kind: str,
        loaders: Mapping[str, Callable[[], type[T]]],
        hidden: Mapping[str, Callable[[], type[T]]],
    ) -> None:
        self.kind = kind
        self.names = tuple(sorted(loaders))
        self._loaders = {**hidden, **loaders}

    def load(self, name: str) -> type[T]:
        """Import and return the class of this name.

        Raises:
            UnknownPluginError: there is no such plug-in.
            dse.contracts.errors.PluginNameError: it is a backend whose name no condition can
                contain.
            dse.contracts.errors.PluginConflictError: two packages define it.
            dse.contracts.errors.ToolMissingError: its package cannot be imported.
        """
        if name not in self._loaders:
            raise UnknownPluginError(self.kind, name, self.names)
        return self._loaders[name]()


class Registry:
    """Backends and workloads that a study can name, and the metrics that they define.

    Args:
        backends: functions that import and return a backend class, by name.
        workloads: functions that import and return a workload class, by name.
        metrics: functions that return a package's metric definitions, by the package's
            description for error messages.
        hidden_backends: as `backends`, but not listed.
        hidden_workloads: as `workloads`, but not listed.
    """

    def __init__(
        self,
        backends: Mapping[str, Callable[[], "type[Backend]"]],
        workloads: Mapping[str, Callable[[], "type[Workload]"]],
        metrics: Mapping[str, Callable[[], "Iterable[MetricInfo]"]] | None = None,
        *,
        hidden_backends: Mapping[str, Callable[[], "type[Backend]"]] | None = None,
        hidden_workloads: Mapping[str, Callable[[], "type[Workload]"]] | None = None,
    ) -> None:
        self._backends: Plugins[Backend] = Plugins("backend", backends, hidden_backends or {})
        self._workloads: Plugins[Workload] = Plugins("workload", workloads, hidden_workloads or {})
        self._metrics = metrics or {}

    @classmethod
    def installed(cls) -> "Registry":
        """Return a registry of all plug-ins in this Python environment."""
        return cls(
            _loaders("backend", BACKENDS),
            _loaders("workload", WORKLOADS),
            _metrics_loaders(),
            hidden_backends=_loaders("backend", HIDDEN[BACKENDS]),
            hidden_workloads=_loaders("workload", HIDDEN[WORKLOADS]),
        )

    def backend_names(self) -> tuple[str, ...]:
        """Return the names of all backends, sorted; nothing is imported."""
        return self._backends.names

    def workload_names(self) -> tuple[str, ...]:
        """Return the names of all workloads, sorted; nothing is imported."""
        return self._workloads.names

    def backend_class(self, name: str) -> "type[Backend]":
        """Import and return the backend of this name; raises as `Plugins.load` does."""
        return self._backends.load(name)

    def workload_class(self, name: str) -> "type[Workload]":
        """Import and return the workload of this name; raises as `Plugins.load` does."""
        return self._workloads.load(name)

    @cached_property
    def metrics(self) -> "MetricCatalogue":
        """Metrics of the framework and of all packages; no plug-in class is imported.

        A package whose definitions cannot be imported, or are none, is logged and left out,
        because stored results can be read without it.

        Raises:
            dse.contracts.errors.PluginConflictError: two packages define one name differently.
        """
        from dse.contracts.catalogue import MetricCatalogue  # imports numpy

        return MetricCatalogue(self._definitions())

    def _definitions(self) -> "Iterator[tuple[str, Iterable[MetricInfo]]]":
        for owner, load in self._metrics.items():
            try:
                yield owner, load()
            except BROKEN as error:
                _LOG.warning("the metrics of %s are left out: %s", owner, error)


def named_in(group: str) -> tuple[str, ...]:
    """Return what packages name in an entry-point group, such as ``absolute (dse-example)``.

    Nothing is imported.
    """
    return tuple(sorted({f"{e.name} ({_package(e)})" for e in entry_points(group=group)}))


def reference_folders() -> list[Traversable]:
    """Return the folders of published results that installed packages provide.

    Raises:
        ToolMissingError: a package cannot be imported.
    """
    found = []
    for entry in entry_points(group=REFERENCES):
        try:
            found.append(files(entry.module))
        except ImportError as error:
            raise ToolMissingError(
                f"the published results of '{_package(entry)}' cannot be imported: {error}",
                where=entry.value,
                hint="repair or remove the package",
            ) from error
    return found


@cache
def installed_metrics() -> "MetricCatalogue":
    """Return `Registry.metrics` of this environment, for code that only reads results.

    The result is cached for the life of the process, as the environment does not change.
    """
    return Registry({}, {}, _metrics_loaders()).metrics


def _metrics_loaders() -> "dict[str, Callable[[], Iterable[MetricInfo]]]":
    return {_owner(entry): _metrics_loader(entry) for entry in entry_points(group=METRICS)}


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.module.partition(".")[0]


def _owner(entry: EntryPoint) -> str:
    return f"package '{_package(entry)}' ({entry.value})"


def _loaders(kind: str, group: str) -> dict[str, Callable[[], type[T]]]:
    """Return a loader for each name of an entry-point group.

    The loader of a name that two packages define with different classes raises an error. The same
    class is no conflict: metadata of a package remains if it was installed under another name.
    """
    named: dict[str, dict[str, EntryPoint]] = defaultdict(dict)
    for entry in entry_points(group=group):
        named[entry.name][entry.value] = entry
    return {name: _one_loader(kind, name, found) for name, found in named.items()}


def _one_loader(kind: str, name: str, found: Mapping[str, EntryPoint]) -> Callable[[], type[T]]:
    if kind == "backend" and not is_legal_name(name):
        return _unnameable(name, next(iter(found.values())))
    if len(found) == 1:
        return _loader(kind, *found.values())
    return _refusal(kind, name, {_package(entry): entry for entry in found.values()})


def _loader(kind: str, entry: EntryPoint) -> Callable[[], type[T]]:
    def load() -> type[T]:
        package = _package(entry)
        try:
            loaded: type[T] = entry.load()
        except BROKEN as error:
            hint = install_hint(error, package) if isinstance(error, ImportError) else ""
            raise ToolMissingError(
                f"the {kind} '{entry.name}' of package '{package}' cannot be imported: {error}",
                where=entry.value,
                hint=hint or f"install what '{package}' needs, or repair or remove the package",
            ) from error
        base = _base(kind)
        if not (isinstance(loaded, type) and issubclass(loaded, base)):
            raise ToolMissingError(
                f"the {kind} '{entry.name}' of package '{package}' is no subclass of "
                f"dse.plugins.{base.__name__}",
                where=entry.value,
                hint="the entry point names the class, such as my_package.module:MyClass; "
                "repair or remove the package",
            )
        return loaded

    return load


def _unnameable(name: str, entry: EntryPoint) -> Callable[[], type[T]]:
    """Return a loader that refuses a backend whose name cannot stand in a condition."""

    def load() -> type[T]:
        raise PluginNameError(
            f"the package '{_package(entry)}' names a backend '{name}', which no condition can",
            where=entry.value,
            hint=f"rename its entry point; legal: {LEGAL}",
        )

    return load


def _base(kind: str) -> type:
    """Return the class that plug-ins of a kind inherit from; not at the top, as it needs numpy."""
    from dse.contracts.backend import Backend
    from dse.contracts.workload import Workload

    return {"backend": Backend, "workload": Workload}[kind]


def _metrics_loader(entry: EntryPoint) -> "Callable[[], tuple[MetricInfo, ...]]":
    """Return a function that imports a package's metrics; it raises one of `BROKEN`."""

    def load() -> "tuple[MetricInfo, ...]":
        from dse.contracts.metrics import MetricInfo

        loaded = entry.load()
        if isinstance(loaded, (tuple, list)) and all(isinstance(i, MetricInfo) for i in loaded):
            return tuple(loaded)
        raise TypeError("the entry point names no tuple of MetricInfo")

    return load


def _refusal(kind: str, name: str, found: Mapping[str, EntryPoint]) -> Callable[[], type[T]]:
    """Return a loader that refuses a name which several packages define.

    Otherwise the order of folders on Python's path would decide silently which one is used.
    """

    def load() -> type[T]:
        packages = sorted(found)
        raise PluginConflictError(
            f"the packages {' and '.join(map(repr, packages))} both define the {kind} '{name}'",
            where="; ".join(f"{package}: {found[package].value}" for package in packages),
            hint=f"uninstall one, such as: pip uninstall {packages[-1]}; or rename its entry point",
        )

    return load
