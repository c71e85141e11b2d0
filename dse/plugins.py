"""Public interface for authors of plug-ins.

A backend subclasses `Backend` (or `OfflineBackend`), a workload subclasses `Workload`; both are
found by entry points of the groups ``dse.backends`` and ``dse.workloads``. Metrics that the
framework's `CATALOGUE` lacks are `MetricInfo` tuples, named by the group ``dse.metrics``.
"""

from dse.contracts.backend import (
    Artifact,
    Backend,
    Context,
    Job,
    Outcome,
    Probe,
    Resources,
    Verdict,
)
from dse.contracts.circuits import CircuitBackend
from dse.contracts.errors import (
    DataError,
    DseError,
    EvaluationError,
    Failure,
    FailureKind,
    StudyError,
    ToolMissingError,
    UsageError,
)
from dse.contracts.metrics import CATALOGUE, Direction, Fidelity, Metric, MetricInfo
from dse.contracts.offline import OfflineBackend, RunReport, SourcedValue
from dse.contracts.parameters import Assignment, Parameter, Value, complete
from dse.contracts.tensors import ProfilingBackend, TensorType
from dse.contracts.workload import Arrays, Prepared, ProgressText, Workload
from dse.runtime.cache import cached_directory, digest
from dse.runtime.checksums import file_digest
from dse.runtime.tools import run_tool

__all__ = [
    "CATALOGUE",
    "Arrays",
    "Artifact",
    "Assignment",
    "Backend",
    "CircuitBackend",
    "Context",
    "DataError",
    "Direction",
    "DseError",
    "EvaluationError",
    "Failure",
    "FailureKind",
    "Fidelity",
    "Job",
    "Metric",
    "MetricInfo",
    "OfflineBackend",
    "Outcome",
    "Parameter",
    "Prepared",
    "Probe",
    "ProfilingBackend",
    "ProgressText",
    "Resources",
    "RunReport",
    "SourcedValue",
    "StudyError",
    "TensorType",
    "ToolMissingError",
    "UsageError",
    "Value",
    "Verdict",
    "Workload",
    "cached_directory",
    "complete",
    "digest",
    "file_digest",
    "run_tool",
]
