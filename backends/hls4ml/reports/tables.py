"""Tables drawn with ``|``, ``+`` and ``-``, as in all text reports of the vendor."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class ReportTable:
    """A table of a report: its cells by row, without the rules drawn between rows.

    Args:
        header: rows above the first inner rule.
        rows: rows below it.
    """

    header: list[list[str]]
    rows: list[list[str]]


def tables(text: str) -> Iterator[ReportTable]:
    """Yield the tables of a text in order; blocks without rows below a header are skipped."""
    block: list[str] = []
    for line in [*text.splitlines(), ""]:
        stripped = line.strip()
        if stripped.startswith("+-") or (block and stripped.startswith(("+", "|"))):
            block.append(stripped)
        elif block:
            found = _table(block)
            block = []
            if found is not None:
                yield found


def _table(lines: list[str]) -> ReportTable | None:
    parts: list[list[list[str]]] = [[]]
    for line in lines:
        # A row without its last bar was cut off, and so may be its last number.
        if line.startswith("|") and line.endswith("|"):
            parts[-1].append([cell.strip() for cell in line.strip("|").split("|")])
        elif line.startswith("+-") and parts[-1]:
            parts.append([])
    filled = [part for part in parts if part]
    if len(filled) < 2:
        return None
    return ReportTable(filled[0], [row for part in filled[1:] for row in part])
