"""Conformance suites: tests that every backend, workload, executor and store must pass.

Inherit a suite in a test module and define how to create the object; pytest collects the tests::

    from dse.testing import BackendSuite

    class TestCostModel(BackendSuite):
        given = {"total_bits": 6}

        def make(self):
            return CostModelBackend()

        def prepared(self):
            return WORKLOAD, WORKLOAD.prepare(PARAMETERS, FOLDER, lambda _: None)

Importing this package is cheap; a suite and its requirements are imported at the first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dse.testing.backends import BackendSuite
    from dse.testing.executors import ExecutorSuite
    from dse.testing.offline import OfflineBackendSuite
    from dse.testing.stores import StoreSuite
    from dse.testing.workloads import WorkloadSuite

__all__ = [
    "BackendSuite",
    "ExecutorSuite",
    "OfflineBackendSuite",
    "StoreSuite",
    "WorkloadSuite",
]

_MODULES = {
    "BackendSuite": "backends",
    "ExecutorSuite": "executors",
    "OfflineBackendSuite": "offline",
    "StoreSuite": "stores",
    "WorkloadSuite": "workloads",
}


def __getattr__(name: str) -> Any:
    """Import a suite at its first use (PEP 562), since those of stores need SQLAlchemy."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
