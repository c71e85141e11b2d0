"""The installed plug-ins that users are shown."""

from functools import cache
from typing import TypeAlias

from dse.contracts.backend import Backend
from dse.contracts.registry import Registry
from dse.contracts.workload import Workload

Plugin: TypeAlias = type[Backend] | type[Workload]


@cache
def backends() -> tuple[type[Backend], ...]:
    """Return all backends by name, without those that only tests use."""
    registry = Registry.installed()
    found = (registry.backend_class(name) for name in registry.backend_names())
    return tuple(kind for kind in found if _is_for_users(kind))


@cache
def workloads() -> tuple[type[Workload], ...]:
    """Return all workloads by name, without those that only tests use."""
    registry = Registry.installed()
    found = (registry.workload_class(name) for name in registry.workload_names())
    return tuple(kind for kind in found if _is_for_users(kind))


def plugin(name: str) -> Plugin:
    """Return the backend or workload of a name."""
    found: tuple[Plugin, ...] = (*backends(), *workloads())
    return next(kind for kind in found if kind.name == name)


def _is_for_users(kind: type) -> bool:
    """Leave out what tests bring, also plug-ins that another package's tests have installed."""
    return kind.__module__.split(".")[0] in {"workloads", "backends"}
