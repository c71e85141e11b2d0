"""A step curve in a terminal, drawn with block characters.

plotext was not used: it joins points by slanted lines, which shows a rise before it happened.
"""

from collections.abc import Sequence

_BLOCKS = " ▁▂▃▄▅▆▇█"


def area(values: Sequence[float], *, top: float, width: int = 60, height: int = 8) -> list[str]:
    """Draw the area under a curve; the axes begin at 0 and at the first value.

    Each column shows the last of its values. A positive value below an eighth of a line is
    drawn as an eighth.

    Args:
        values: values at equal steps along the axis, each from 0 to `top`.
        top: upper end of the vertical axis.
        width: largest number of columns; each value gets at least one if they fit.
        height: number of lines of the area; block characters divide each into eighths.

    Returns:
        Lines from the top; the last two are the axis and its end labels, as counts of values.
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
