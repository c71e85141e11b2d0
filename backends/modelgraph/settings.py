"""The parameters of hls4ml that a study can set."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from backends.modelgraph.layer_settings import LAYERS
from backends.modelgraph.type_names import (
    layer_types_problem,
    parts_of_precision,
    precision_problem,
    type_problem,
)
from dse.contracts.parameters import Assignment, Parameter

DEFAULT_PART = "xcku115-flvb2104-2-i"
"""Kintex UltraScale KU115: the part of the paper (arXiv:2012.01563)."""

PRECISION = (
    Parameter(
        "total_bits",
        int,
        16,
        "width W of the default type ap_fixed<W, I>",
        unit="bits",
        minimum=1,
        maximum=64,
    ),
    Parameter(
        "integer_bits",
        int,
        6,
        "integer bits I of the default type ap_fixed<W, I>, sign included",
        unit="bits",
        minimum=-32,
        maximum=64,
    ),
    Parameter(
        "rounding",
        str,
        "TRN",
        "quantisation mode of ap_fixed: what happens to bits below the last one",
        choices=("TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV"),
    ),
    Parameter(
        "overflow",
        str,
        "WRAP",
        "overflow mode of ap_fixed: what happens to values out of range",
        choices=("WRAP", "SAT", "SAT_ZERO", "SAT_SYM"),
    ),
    Parameter(
        "precision",
        str,
        "uniform",
        "uniform: types with the integer bits asked for; profiled: total_bits for every tensor, "
        "with as many integer bits as its values on the evaluation set take (see dse types); or "
        "a type such as 'ap_fixed<16,6,AP_RND,AP_SAT>', which stands for total_bits, "
        "integer_bits, rounding and overflow",
        validator=precision_problem,
        stands_for=parts_of_precision,
    ),
    Parameter(
        "granularity",
        str,
        "model",
        "model: all types are ap_fixed<W, I>, accumulators too (as in arXiv:2012.01563); "
        "name: accumulators and results of layers with weights and of pooling are as wide as they "
        "need",
        choices=("model", "name"),
    ),
    Parameter(
        "table_size",
        int,
        1024,
        "entries of the look-up tables of sigmoid, tanh and softmax",
        choices=tuple(2**power for power in range(4, 17)),
    ),
    Parameter(
        "table_precision",
        str,
        None,
        "type of the tables' entries, such as 'fixed<18,8>'; null "
        "for hls4ml's default, fixed<18,8>",
        optional=True,
        validator=type_problem,
    ),
    Parameter(
        "layer_precision",
        dict,
        {},
        "types by layer name (wildcards allowed; the more specific name wins), such as "
        "{edge_block_*: 'fixed<8,3>'} or {edge_block_0: {weight: 'fixed<6,2>'}}",
        validator=layer_types_problem,
    ),
    LAYERS,
)

IO_TYPE = Parameter(
    "io_type",
    str,
    "io_parallel",
    "io_parallel: every layer reads its whole input at once; io_stream: tensors flow through the "
    "network position by position, with buffers of a few lines instead of whole images",
    choices=("io_parallel", "io_stream"),
)

HARDWARE = (
    IO_TYPE,
    Parameter(
        "reuse_factor",
        int,
        1,
        "multiplications that one multiplier does per inference, in every layer",
        minimum=1,
    ),
    Parameter(
        "strategy",
        str,
        "latency",
        "hls4ml's implementation of layers with weights; distributed_arithmetic: reuse factor 1 "
        "without multipliers, by additions that da4ml finds (dense layers and convolutions; sums "
        "are exact, accumulator types do not count)",
        choices=("latency", "resource", "distributed_arithmetic"),
    ),
    Parameter(
        "parallelization_factor",
        int,
        None,
        "rows (nodes, edges, pixels) computed in parallel; null for all of them",
        minimum=1,
        optional=True,
    ),
)


@dataclass(frozen=True)
class Settings:
    """Values of the parameters `PRECISION` and `HARDWARE`, typed; same names, same defaults.

    Args:
        profiled: types by layer name that follow from the values of its tensors.
    """

    total_bits: int = 16
    integer_bits: int = 6
    rounding: str = "TRN"
    overflow: str = "WRAP"
    granularity: str = "model"
    table_size: int = 1024
    table_precision: str | None = None
    layer_precision: Any = None
    reuse_factor: int = 1
    strategy: str = "latency"
    parallelization_factor: int | None = None
    precision: str = "uniform"
    io_type: str = "io_parallel"
    layers: Any = None
    profiled: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, parameters: Assignment) -> "Settings":
        """Read a backend's parameters; what the backend does not have stays at its default."""
        known: dict[str, Any] = {
            name: value for name, value in parameters.items() if name in cls.__annotations__
        }
        return cls(**known)

    @property
    def default_type(self) -> str:
        """The default type as hls4ml writes it, such as ``fixed<16,6,TRN,WRAP>``."""
        return self.fixed(self.total_bits, self.integer_bits)

    def of_layer(self, name: str) -> "Settings":
        """Return the settings of a layer, by its own name: those of `layers` count before others.

        The integer bits of `layers` are not among them: they are a difference to a profile.
        """
        own = (self.layers or {}).get(name, {})
        given = {key: own[key] for key in ("reuse_factor", "strategy") if key in own}
        return replace(self, total_bits=own.get("bits", self.total_bits), **given)

    def item(self, name: str, item: str, default: int) -> int:
        """Return a number that `layers` gives to a layer, or else a default."""
        return int((self.layers or {}).get(name, {}).get(item, default))

    def fixed(self, total_bits: int, integer_bits: int) -> str:
        """Return a fixed-point type with the point's rounding and overflow modes."""
        return f"fixed<{total_bits},{integer_bits},{self.rounding},{self.overflow}>"
