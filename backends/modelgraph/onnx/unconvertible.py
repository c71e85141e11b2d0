"""Operations that dse cannot convert, and what to use instead."""

_OTHER = "use an operation of docs/how-to/onnx.md; backend cpu takes the network as it is"

_GELU = ("hls4ml has no GELU", "use ReLU, ELU or SiLU")

_REASONS = {
    "RNN": (
        "hls4ml reads simple recurrent layers, but has no firmware for them",
        "use LSTM or GRU",
    ),
    "Gelu": _GELU,
    "Erf": _GELU,
    "LayerNormalization": (
        "hls4ml's table for it ends at a variance of 1 and is off by percents",
        "use BatchNormalization",
    ),
    "LogSoftmax": (
        "hls4ml has no logarithm",
        "export the network with Softmax at its end: the order of the classes is the same",
    ),
    "ConvTranspose": (
        "hls4ml has no transposed convolution",
        "repeat pixels (torch.nn.Upsample), then convolve",
    ),
}


def reason(operation: str) -> tuple[str, str]:
    """Return why an operation is not converted, and what to use instead."""
    return _REASONS.get(operation, ("dse has no conversion of this operation", _OTHER))
