"""Modules that pool the pixels of one window and channel: `x` (pixels) → `y`."""

from dataclasses import dataclass

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.exact import Constant, known
from backends.modelgraph.rtl.modules.sums import accumulated, largest
from backends.modelgraph.rtl.number import Number, element, pack, resized
from backends.modelgraph.rtl.path import Path, quotient
from backends.modelgraph.rtl.pipeline import DSP48E1, Pipeline
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder


@dataclass(frozen=True)
class PoolSpec:
    """Size and types of a window.

    Args:
        pixels: pixels of the window, padding left out.
        given: type of the pixels.
        accum: type of the maximum, or of the sum after every addition.
        result: type of the output.
        pipeline: where the family wants registers.
    """

    pixels: int
    given: FixedType
    accum: FixedType
    result: FixedType
    pipeline: Pipeline = DSP48E1


def _pixels(code: VerilogBuilder, spec: PoolSpec) -> list[Number]:
    return [element(code, "x", i, spec.given) for i in range(spec.pixels)]


def _finished(path: Path, kind: str, spec: PoolSpec, value: Number, cycles: int) -> Module:
    """Return the module of a value, cast to the result type and registered."""
    code, bits = path.code, spec.result.width
    y = code.register(bits, pack([path.cast(value, spec.result)], spec.result), "y")
    inputs = [Port("x", spec.pixels * spec.given.width)]
    return code.module(kind, inputs, (bits, y), cycles + path.cycles + 1)


def largest_pixel(spec: PoolSpec, padding: int | None) -> Module:
    """Return the module of the largest pixel.

    Args:
        spec: the window.
        padding: raw value of the window's padding; None where there is none that counts.
    """
    code = VerilogBuilder()
    pixels = _pixels(code, spec)
    if padding is not None:
        filled = known(code, Constant(padding, spec.given.fractional))
        pixels.append(resized(code, filled, pixels[0].bits))
    found, cycles = largest(code, pixels, spec.pipeline)
    path = Path(code, spec.pipeline)
    return _finished(path, "largest", spec, path.cast(found, spec.accum), cycles)


def mean_pixel(spec: PoolSpec, divisor: int) -> Module:
    """Return the module of the sum of the pixels, divided by their number, towards zero."""
    code = VerilogBuilder()
    total, cycles = accumulated(code, _pixels(code, spec), spec.accum, spec.pipeline)
    path = Path(code, spec.pipeline)
    return _finished(path, "mean", spec, quotient(path, total, divisor), cycles)
