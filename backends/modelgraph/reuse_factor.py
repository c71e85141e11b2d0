"""Legal reuse factors: those for which hls4ml's code compiles, closest to the requested one."""

from typing import Any

import hls4ml

from backends.modelgraph.settings import Settings


def legal_reuse_factor(layer: dict[str, Any], settings: Settings) -> int:
    """Return the legal reuse factor of a dense or convolution layer closest to the requested one.

    With the latency strategy every factor is legal. With the resource strategy, hls4ml itself
    corrects Dense, but accepts every factor for PointwiseConv1D (a dense layer applied to
    rows), whose code does not compile for an illegal one or one above n_in, and factors above
    the size of the kernel for convolutions, whose code then ends with an assertion. All are
    corrected here; the effective configuration shows the change.
    """
    if settings.strategy != "resource":
        return settings.reuse_factor
    n_in, n_out = _weights_per_output(layer)
    largest = n_in if len(layer["input_shape"][0]) > 1 else n_in * n_out
    return closest_legal(n_in, n_out, settings.reuse_factor, largest)


def closest_legal(n_in: int, n_out: int, requested: int, largest: int | None = None) -> int:
    """Return the reuse factor legal with the resource strategy that is closest to a requested one.

    Args:
        n_in: products in every output.
        n_out: outputs.
        requested: the reuse factor asked for.
        largest: the largest that may be taken; None for the number of all products.
    """
    backend = hls4ml.backends.get_backend("Vitis")
    legal = backend.get_valid_reuse_factors(n_in, n_out)
    allowed = [factor for factor in legal if largest is None or factor <= largest]
    return int(backend.get_closest_reuse_factor(allowed, requested))


def _weights_per_output(layer: dict[str, Any]) -> tuple[int, int]:
    """Return the products in every output of a dense or convolution layer, and its outputs."""
    if layer["class_name"] == "Dense":
        return layer["n_in"], layer["n_out"]
    kernel = layer.get("filt_height", 1) * layer["filt_width"]
    return kernel * layer["n_chan"], layer["n_filt"]


def legal_reuse_factors(layer: dict[str, Any]) -> list[int]:
    """Return all reuse factors of a dense or convolution layer with the resource strategy."""
    n_in, n_out = _weights_per_output(layer)
    legal = hls4ml.backends.get_backend("Vitis").get_valid_reuse_factors(n_in, n_out)
    largest = n_in if len(layer["input_shape"][0]) > 1 else n_in * n_out
    return [int(factor) for factor in legal if factor <= largest]
