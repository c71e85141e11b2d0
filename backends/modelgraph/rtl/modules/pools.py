"""Modules that pool the pixels of one window and channel: `x` (pixels) → `y`."""

from dataclasses import dataclass

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.exact import Constant, known, quotient
from backends.modelgraph.rtl.modules.sums import accumulated, largest
from backends.modelgraph.rtl.number import Number, cast, element, pack
from backends.modelgraph.rtl.verilog import Module, Port, VerilogBuilder


@dataclass(frozen=True)
class PoolSpec:
    """Size and types of a window.

    Args:
        pixels: pixels of the window, padding left out.
        given: type of the pixels.
        accum: type of the maximum, or of the sum after every addition.
        result: type of the output.
    """

    pixels: int
    given: FixedType
    accum: FixedType
    result: FixedType


def _pixels(code: VerilogBuilder, spec: PoolSpec) -> list[Number]:
    return [element(code, "x", i, spec.given) for i in range(spec.pixels)]


def _finished(
    code: VerilogBuilder, kind: str, spec: PoolSpec, value: Number, cycles: int
) -> Module:
    """Return the module of a value, cast to the result type and registered."""
    bits = spec.result.width
    y = code.register(bits, pack([cast(code, value, spec.result)], spec.result), "y")
    inputs = [Port("x", spec.pixels * spec.given.width)]
    return code.module(kind, inputs, (bits, y), cycles + 1)


def largest_pixel(spec: PoolSpec, padding: int | None) -> Module:
    """Return the module of the largest pixel.

    Args:
        spec: the window.
        padding: raw value of the window's padding; None where there is none that counts.
    """
    code = VerilogBuilder()
    pixels = _pixels(code, spec)
    bits, fractional = pixels[0].bits, spec.given.fractional
    names = [pixel.name for pixel in pixels]
    if padding is not None:
        names.append(known(code, Constant(padding), bits).name)
    name, cycles = largest(code, names, bits)
    return _finished(code, "largest", spec, cast(code, Number(name, bits, fractional), spec.accum),
                     cycles)  # fmt: skip


def mean_pixel(spec: PoolSpec, divisor: int) -> Module:
    """Return the module of the sum of the pixels, divided by their number, towards zero."""
    code = VerilogBuilder()
    total, cycles = accumulated(code, _pixels(code, spec), spec.accum)
    value, more = quotient(code, total, divisor)
    return _finished(code, "mean", spec, value, cycles + more)
