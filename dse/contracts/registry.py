"""The installed backends, workloads and metrics, found by entry point and imported when needed."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Generic, TypeVar

from dse.contracts.errors import PluginConflictError, ToolMissingError, nearest
from dse.contracts.extras import install_hint

if TYPE_CHECKING:
    from dse.contracts.backend import Backend
    from dse.contracts.catalogue import MetricCatalogue
    from dse.contracts.metrics import MetricInfo
    from dse.contracts.workload import Workload

T = TypeVar("T")

BACKENDS = "dse.backends"
WORKLOADS = "dse.workloads"
COMMANDS = "dse.commands"
"""Entry-point groups a plug-in package declares."""

METRICS = "dse.metrics"
"""Group of tuples of `MetricInfo`. Their modules are imported by every command that shows
results, so they import nothing but `dse.contracts.metrics`."""

REFERENCES = "dse.references"
"""Group of packages whose YAML files hold published figures; see `dse.analysis.references`."""

HIDDEN = {BACKENDS: "dse.testing.backends", WORKLOADS: "dse.testing.workloads"}
"""Groups of plug-ins that can be loaded by name, also in worker processes, but are not listed:
stand-ins for tests of executors and pipelines."""

_LOG = logging.getLogger(__name__)


class UnknownPluginError(ValueError):
    """No plug-in has this name; `hint` lists those that exist."""

    def __init__(self, kind: str, name: str, legal: Iterable[str]) -> None:
        super().__init__(f"there is no {kind} '{name}'")
        self.hint = nearest(name, legal)


class Plugins(Generic[T]):
    """Named classes of one kind, each imported at its first use.

    Args:
        kind: ``backend`` or ``workload``, for errors.
        loaders: what imports and returns each class.
        hidden: the same for those that are not listed.
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
        """The class behind a name.

        Raises:
            UnknownPluginError: there is no such name.
            dse.contracts.errors.PluginConflictError: two packages give it.
            dse.contracts.errors.ToolMissingError: its package does not import here.
        """
        if name not in self._loaders:
            raise UnknownPluginError(self.kind, name, self.names)
        return self._loaders[name]()


class Registry:
    """The backends and workloads a study can name, and the metrics that they define.

    Args:
        backends: loader of each backend class by name.
        workloads: loader of each workload class by name.
        metrics: what loads the definitions of each package, by a name for errors.
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
        """All plug-ins of this Python environment."""
        return cls(
            _loaders("backend", BACKENDS),
            _loaders("workload", WORKLOADS),
            {_owner(entry): entry.load for entry in entry_points(group=METRICS)},
            hidden_backends=_loaders("backend", HIDDEN[BACKENDS]),
            hidden_workloads=_loaders("workload", HIDDEN[WORKLOADS]),
        )

    def backend_names(self) -> tuple[str, ...]:
        """Names of all backends, sorted, without importing them."""
        return self._backends.names

    def workload_names(self) -> tuple[str, ...]:
        """Names of all workloads, sorted, without importing them."""
        return self._workloads.names

    def backend_class(self, name: str) -> "type[Backend]":
        """The backend of this name, imported now; raises as `Plugins.load` does."""
        return self._backends.load(name)

    def workload_class(self, name: str) -> "type[Workload]":
        """The workload of this name, imported now; raises as `Plugins.load` does."""
        return self._workloads.load(name)

    @cached_property
    def metrics(self) -> "MetricCatalogue":
        """The framework's metrics and those of all packages; no plug-in class is imported.

        A package whose definitions cannot be imported is logged and left out: stored results
        can be read without it.

        Raises:
            dse.contracts.errors.PluginConflictError: two packages define one name differently.
        """
        from dse.contracts.catalogue import MetricCatalogue  # numpy

        return MetricCatalogue(self._definitions())

    def _definitions(self) -> "Iterator[tuple[str, Iterable[MetricInfo]]]":
        for owner, load in self._metrics.items():
            try:
                yield owner, load()
            except (ImportError, AttributeError) as error:
                _LOG.warning("the metrics of %s cannot be imported: %s", owner, error)


def reference_folders() -> list[Traversable]:
    """Folders of published figures that installed packages name.

    Raises:
        ToolMissingError: one does not import here.
    """
    found = []
    for entry in entry_points(group=REFERENCES):
        try:
            found.append(files(entry.module))
        except ImportError as error:
            raise ToolMissingError(
                f"the references of package '{_package(entry)}' cannot be imported: {error}",
                where=entry.value,
                hint="repair or remove the package",
            ) from error
    return found


@cache
def installed_metrics() -> "MetricCatalogue":
    """`Registry.metrics` of this environment, for those who only read results.

    Kept for the life of the process, as an environment does not change under it.
    """
    return Registry.installed().metrics


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.module.partition(".")[0]


def _owner(entry: EntryPoint) -> str:
    return f"package '{_package(entry)}' ({entry.value})"


def _loaders(kind: str, group: str) -> dict[str, Callable[[], type[T]]]:
    """What loads each name of a group, or says why it cannot be used.

    Packages that name one class are no conflict, such as one that was installed under another
    name before.
    """
    named: dict[str, dict[str, EntryPoint]] = defaultdict(dict)
    for entry in entry_points(group=group):
        named[entry.name][entry.value] = entry
    return {
        name: _loader(kind, *found.values())
        if len(found) == 1
        else _refusal(kind, name, {_package(entry): entry for entry in found.values()})
        for name, found in named.items()
    }


def _loader(kind: str, entry: EntryPoint) -> Callable[[], type[T]]:
    def load() -> type[T]:
        try:
            loaded: type[T] = entry.load()
        except (ImportError, AttributeError, OSError, RuntimeError) as error:
            package = entry.dist.name if entry.dist else entry.module
            hint = install_hint(error, package) if isinstance(error, ImportError) else ""
            raise ToolMissingError(
                f"the {kind} '{entry.name}' of package '{package}' cannot be imported: {error}",
                where=entry.value,
                hint=hint or f"install what '{package}' needs, or repair or remove the package",
            ) from error
        return loaded

    return load


def _refusal(kind: str, name: str, found: Mapping[str, EntryPoint]) -> Callable[[], type[T]]:
    """Chosen by the order of folders on the path, one of them would silently hide the other."""

    def load() -> type[T]:
        packages = sorted(found)
        raise PluginConflictError(
            f"the packages {' and '.join(map(repr, packages))} both give the {kind} '{name}'",
            where="; ".join(f"{package}: {found[package].value}" for package in packages),
            hint=f"uninstall one, such as: pip uninstall {packages[-1]}; or rename its entry point",
        )

    return load
