"""Functions of C's mathematics library on float32 arrays.

The firmware fills its tables with the float functions of this library. They are not correctly
rounded (glibc's tanhf differs from the rounded result in one value of seven), so a table whose
type shows the last bits of a float has to come from the same functions.
"""

import ctypes
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@cache
def _function(name: str) -> Callable[[float], float]:
    # None: the symbols of this process; the interpreter itself is linked with the library
    function = ctypes.CDLL(None)[name]
    function.argtypes, function.restype = (ctypes.c_float,), ctypes.c_float
    return function


def _each(name: str, x: Floats) -> Floats:
    return np.asarray(np.frompyfunc(_function(name), 1, 1)(x.astype(object)), dtype=np.float32)


def expf(x: Floats) -> Floats:
    """Return exp(x)."""
    return _each("expf", x)


def tanhf(x: Floats) -> Floats:
    """Return tanh(x)."""
    return _each("tanhf", x)
