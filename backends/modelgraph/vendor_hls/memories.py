"""Block RAMs that hold the weights of a dense layer."""

from backends.modelgraph.vendor_hls.features import DenseLayer
from backends.modelgraph.vendor_hls.multipliers import topmost_bits
from backends.modelgraph.vendor_hls.predicted import Answer, Predicted, Unknown
from backends.modelgraph.vendor_hls.tools import VITIS_2023, VIVADO, Target

DEEPEST = 1024
"""Words of the deepest memory with a known rule: deeper ones are cut in ways not understood."""

SMALL_BITS = 1024
"""Bits from which on a memory is in block RAM."""


def memories(layer: DenseLayer, target: Target) -> Answer:
    """Return the 18K block RAMs.

    Constant weights take none. With the resource strategy of Vivado HLS 2020.1 the words of all
    multipliers stand side by side in blocks of 36 x 512 or 18 x 1024 bits, and a second memory
    says which output a product belongs to. Exact in 685 of 685 layers with up to 1,024 words.
    """
    if layer.reuse == 1 or layer.strategy == "latency":
        return Predicted.exact(0)
    if target.tool is VITIS_2023:
        return Unknown(f"{VITIS_2023.name}: no published block RAMs")
    if target.tool is not VIVADO:
        return Unknown(f"{target.tool.name}: published with the latency strategy only")
    if layer.reuse > DEEPEST:
        return Unknown(f"{VIVADO.name}: no rule for memories of more than {DEEPEST} words")
    return Predicted.exact(stored_memories(layer))


def stored_memories(layer: DenseLayer) -> int:
    """Return the 18K block RAMs of weights and of the outputs that they belong to."""
    block = 36 if layer.reuse <= 512 else 18
    word = (layer.multipliers - 1) * layer.weight_bits + topmost_bits(layer.weights, layer.reuse)
    turns = -(-layer.reuse // layer.n_in)
    order_bits = layer.reuse * (turns - 1).bit_length()
    return -(-word // block) + (order_bits >= SMALL_BITS)
