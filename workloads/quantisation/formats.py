"""Fixed-point formats of quantisation-aware training: width and position of the binary point."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SMALLEST_INTEGER_BITS = -6
_LARGEST_INTEGER_BITS = 10
_SAMPLE = 200_000
"""Number of values on which the candidate formats are compared."""


@dataclass(frozen=True)
class Format:
    """A fixed-point format: values ``k * step``, rounded half to even and saturated.

    Rounding and saturation are those of the QKeras quantisers. A signed format of one bit is
    binary (-step, step), of two bits ternary (-step, 0, step), of more bits two's complement.

    Args:
        bits: width.
        integer: bits left of the binary point, sign included, as in ``ap_fixed<bits, integer>``.
        signed: whether there is a sign bit; unsigned formats start at zero.
    """

    bits: int
    integer: int
    signed: bool = True

    @property
    def step(self) -> float:
        """Distance between neighbouring values: the weight of the lowest bit."""
        return float(2.0 ** (self.integer - self.bits))

    def rounded(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return for each value the nearest value of the format."""
        if self.signed and self.bits == 1:
            return np.where(values < 0, -self.step, self.step)
        low, high = self._limits
        return np.asarray(np.clip(np.round(values / self.step), low, high) * self.step)

    @property
    def _limits(self) -> tuple[int, int]:
        """Smallest and largest value, in steps."""
        if not self.signed:
            return 0, int(2**self.bits - 1)
        half = int(2 ** (self.bits - 1))
        return (-1 if self.bits == 2 else -half), half - 1

    def quantiser(self) -> Any:
        """Return the QKeras quantiser of this format; imports QKeras."""
        from qkeras import quantized_bits, quantized_relu

        if not self.signed:
            return quantized_relu(self.bits, self.integer)
        # alpha is a scale: given as a number, QKeras computes none from the data. A binary
        # quantised value is -1 or 1 times alpha.
        if self.bits == 1:
            return quantized_bits(1, 0, alpha=self.step)
        # QKeras does not count the sign among the integer bits; the third argument makes two-bit
        # values symmetric, that is ternary.
        return quantized_bits(self.bits, self.integer - 1, int(self.bits == 2), alpha=1.0)


def best_format(
    values: NDArray[np.floating], bits: int, *, signed: bool, least: int | None = None
) -> Format:
    """Return the format of this width with the least mean square error on the values.

    Formats with more integer bits than bits are not tried: hls4ml prints weights with as many
    decimals as there are fractional bits, which cannot be negative.

    Args:
        values: array of any shape.
        bits: width.
        signed: whether the format has a sign bit.
        least: smallest number of integer bits; by default -6, or 0 without a sign.
    """
    flat = np.asarray(values, dtype=np.float64).ravel()
    sample = flat[:: max(1, len(flat) // _SAMPLE)]
    lowest = least if least is not None else _SMALLEST_INTEGER_BITS if signed else 0
    candidates = [
        Format(bits, integer, signed)
        for integer in range(lowest, min(bits, _LARGEST_INTEGER_BITS) + 1)
    ]
    return min(candidates, key=lambda f: float(np.mean((f.rounded(sample) - sample) ** 2)))


def to_json(formats: Mapping[str, Format]) -> dict[str, list[int]]:
    """Return formats as JSON: by name, [bits, integer, signed]."""
    return {name: [f.bits, f.integer, int(f.signed)] for name, f in formats.items()}


def from_json(stored: Mapping[str, list[int]]) -> dict[str, Format]:
    """Return the formats of which `to_json` made `stored`."""
    return {name: Format(b, i, bool(s)) for name, (b, i, s) in stored.items()}
