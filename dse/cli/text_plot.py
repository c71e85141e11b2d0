"""A curve in a terminal, of block characters.

plotext joins points by slanted lines: that draws a rise before it happened.
"""

from collections.abc import Sequence

_BLOCKS = " ▁▂▃▄▅▆▇█"


def area(values: Sequence[float], *, top: float, width: int = 60, height: int = 8) -> list[str]:
    """Lines of an area under a curve whose axes begin at 0 and at the first value.

    Each column shows the last value that falls into it, so that a rise is never drawn early;
    what is above nothing but below an eighth of a line is drawn as an eighth.

    Args:
        values: in equal steps along the axis, each from 0 to `top`.
        top: where the upright axis ends.
        width: columns at most; at least one per value where they fit.
        height: lines of the area, with eighths.

    Returns:
        Lines from the top; the last two are the axis and its ends, in numbers of values.
    """
    each = max(width // len(values), 1)
    columns = min(len(values), width)
    heights = [
        _eighths(values[-(-(column + 1) * len(values) // columns) - 1], top, height)
        for column in range(columns)
        for _ in range(each)
    ]
    labels = {0: f"{top:.2f}", height // 2: f"{top * (1 - height // 2 / height):.2f}"}
    lines = []
    for line in range(height):
        floor = 8 * (height - 1 - line)
        row = "".join(_BLOCKS[min(max(h - floor, 0), 8)] for h in heights)
        lines.append(f"{labels.get(line, ''):>6} ┤{row}".rstrip())
    last = f"{len(values):,}"
    ends = "1" + last.rjust(len(heights) - 1) if len(values) > 1 else "1"
    return [*lines, f"{'0':>6} └" + "─" * len(heights), f"{'':8}{ends}"]


def _eighths(value: float, top: float, height: int) -> int:
    share = value / top if top else 0.0
    return max(round(share * height * 8), int(value > 0))
