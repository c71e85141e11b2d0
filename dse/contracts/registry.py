"""The installed backends and workloads, found by entry point and imported when needed."""

from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Generic, TypeVar

from dse.contracts.errors import ToolMissingError, nearest
from dse.contracts.extras import install_hint

if TYPE_CHECKING:
    from dse.contracts.backend import Backend
    from dse.contracts.workload import Workload

T = TypeVar("T")

BACKENDS = "dse.backends"
WORKLOADS = "dse.workloads"
COMMANDS = "dse.commands"
"""Entry-point groups a plug-in package declares."""


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
    """

    def __init__(self, kind: str, loaders: Mapping[str, Callable[[], type[T]]]) -> None:
        self.kind = kind
        self._loaders = dict(sorted(loaders.items()))

    @property
    def names(self) -> tuple[str, ...]:
        """Sorted names; nothing is imported."""
        return tuple(self._loaders)

    def load(self, name: str) -> type[T]:
        """The class behind a name.

        Raises:
            UnknownPluginError: there is no such name.
            dse.contracts.errors.ToolMissingError: its package does not import here.
        """
        if name not in self._loaders:
            raise UnknownPluginError(self.kind, name, self._loaders)
        return self._loaders[name]()


class Registry:
    """The backends and workloads a study can name.

    Args:
        backends: loader of each backend class by name.
        workloads: loader of each workload class by name.
    """

    def __init__(
        self,
        backends: Mapping[str, Callable[[], "type[Backend]"]],
        workloads: Mapping[str, Callable[[], "type[Workload]"]],
    ) -> None:
        self._backends: Plugins[Backend] = Plugins("backend", backends)
        self._workloads: Plugins[Workload] = Plugins("workload", workloads)

    @classmethod
    def installed(cls) -> "Registry":
        """All plug-ins of this Python environment."""
        return cls(
            {entry.name: _loader("backend", entry) for entry in entry_points(group=BACKENDS)},
            {entry.name: _loader("workload", entry) for entry in entry_points(group=WORKLOADS)},
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
