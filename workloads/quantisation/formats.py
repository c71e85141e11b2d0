"""Fixed-point formats that training knows: how many bits, and where the point stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SMALLEST_INTEGER_BITS = -6
_LARGEST_INTEGER_BITS = 10
_SAMPLE = 200_000


@dataclass(frozen=True)
class Format:
    """Values ``k * step``, rounded half to even and saturated, as QKeras' quantisers do.

    One signed bit means binary (-step, step), two mean ternary (-step, 0, step); more are
    two's complement.

    Args:
        bits: width.
        integer: bits left of the point, sign included, as in ``ap_fixed<bits, integer>``.
        signed: without a sign only values from zero up.
    """

    bits: int
    integer: int
    signed: bool = True

    @property
    def step(self) -> float:
        """Distance of neighbouring values."""
        return float(2.0 ** (self.integer - self.bits))

    def rounded(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """The nearest value of the format to each."""
        if self.signed and self.bits == 1:
            return np.where(values < 0, -self.step, self.step)
        low, high = self._limits
        return np.asarray(np.clip(np.round(values / self.step), low, high) * self.step)

    @property
    def _limits(self) -> tuple[int, int]:
        if not self.signed:
            return 0, int(2**self.bits - 1)
        half = int(2 ** (self.bits - 1))
        return (-1 if self.bits == 2 else -half), half - 1

    def quantiser(self) -> Any:
        """The QKeras quantiser of this format; imports QKeras."""
        from qkeras import quantized_bits, quantized_relu

        if not self.signed:
            return quantized_relu(self.bits, self.integer)
        if self.bits == 1:
            return quantized_bits(1, 0, alpha=self.step)
        return quantized_bits(self.bits, self.integer - 1, int(self.bits == 2), alpha=1.0)


def best_format(
    values: NDArray[np.floating], bits: int, *, signed: bool, least: int | None = None
) -> Format:
    """The format of this width that changes the values least (mean square).

    There are at least as many bits as integer bits: firmware writes weights as decimals.

    Args:
        values: any shape.
        bits: width.
        signed: of the format.
        least: integer bits, at least.
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
    """Formats by name as plain numbers."""
    return {name: [f.bits, f.integer, int(f.signed)] for name, f in formats.items()}


def from_json(stored: Mapping[str, list[int]]) -> dict[str, Format]:
    """What `to_json` gave."""
    return {name: Format(b, i, bool(s)) for name, (b, i, s) in stored.items()}
