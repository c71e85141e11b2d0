"""Parts of PNG files (W3C, PNG specification, third edition)."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_INCH_M = 0.0254
_METRES = 1
_HEAD = len(SIGNATURE) + 25
"""Bytes up to the end of the chunk IHDR, which is always the first and has 13 bytes of data."""


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk with its length and its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_dots(png: bytes, dpi: float) -> bytes:
    """Return a PNG that says how many dots it has per inch, by which programs place it.

    Args:
        png: a file without the chunk pHYs, such as those of browsers.
        dpi: dots per inch.
    """
    dots = round(dpi / _INCH_M)
    size = chunk(b"pHYs", struct.pack(">IIB", dots, dots, _METRES))
    return png[:_HEAD] + size + png[_HEAD:]
