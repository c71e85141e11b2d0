"""What stands below the table of a front: sources, what was left out, and what to do next."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from dse.cli.query_options import unknown_note
from dse.formatting import counted, point_text

if TYPE_CHECKING:
    from dse.analysis.comparison import Front
    from dse.analysis.limits import StudyLimits
    from dse.analysis.points import Points
    from dse.analysis.recommended import Recommended


def notes(
    points: "Points", found: "Front", limits: "StudyLimits", part: str | None
) -> Iterator[str]:
    """Yield where the numbers come from, and which points were left out."""
    compared = found.comparison
    for name, column in zip(compared.names, compared.columns, strict=True):
        yield f"{name}: {column.direction}, {column.fidelity} from {column.backend}"
    numbers = [row.number for row in found.rows]
    yield from targets(points, numbers, (column.backend for column in compared.columns), part)
    if limits.texts:
        yield f"limits of the study: {', '.join(limits.texts)}; without them: --no-limits"
    for text in limits.ignored_texts:
        yield f"limit of the study that no point has the metric for: {text}"
    if compared.n_unknown:
        yield unknown_note(compared.n_unknown)
    if compared.n_without:
        one = compared.n_without == 1
        lack, were = ("lacks", "was") if one else ("lack", "were")
        number = counted(compared.n_without, "point")
        yield f"{number} {lack} one of the metrics and {were} left out"
    if too_large := _too_large(points, found):
        yield f"larger than their part: points {too_large}; leave out: --constraint 'dsp_pct<=100'"
    if any(cell.tie for row in found.rows for cell in row.cells):
        yield "~ within the 95 % interval of the best (paired bootstrap)"


def targets(
    points: "Points", numbers: Sequence[int], backends: Iterable[str], part: str | None
) -> Iterator[str]:
    """Yield the part that shares refer to, or parts and clocks that the designs were made for."""
    if part:
        yield f"utilisation of {part}; counts, cycles and clock are those of each point's own part"
        return
    for backend in dict.fromkeys(backends):
        made_for = points.stored.targets(backend, numbers)
        if made_for:
            yield f"part and clock of {backend}: {', '.join(made_for)}"


def _too_large(points: "Points", found: "Front") -> str:
    """Return the numbers of the front's points that need more than the whole part."""
    loads = points.loads.loc[[row.number for row in found.rows]]
    return ", ".join(map(str, loads.index[(loads > 1).any(axis=1)]))


def answer(points: "Points", best: "Recommended") -> str:
    """Return one sentence that reads a front out: what speaks for the design it points to."""
    varying = {k: v for k, v in best.row.parameters.items() if k in points.varying}
    named = f" ({point_text(varying)})" if varying else ""
    shares = f"; it takes {' and '.join(best.shares)}" if best.shares else ""
    return f"point {best.row.number}{named} {best.quality}{best.saving}{shares}"


def next_commands(study: str, database: Sequence[str], point: int) -> list[str]:
    """Return three commands to type after this one.

    Args:
        study: name of the study.
        database: option that names the database, or nothing.
        point: number of the point to look at.
    """
    of_study = ["--study", study, *database]
    others = ["compare", study, *database] if _has_claims(study) else None
    return [
        shlex.join(["dse", *words])
        for words in (
            ["show", str(point), *of_study],
            others or ["export", "points.csv", *of_study],
            ["dashboard", *database],
        )
    ]


def _has_claims(study: str) -> bool:
    """Whether an installed publication claims something that the study tests."""
    from dse.analysis.references import References
    from dse.contracts.errors import DseError
    from dse.contracts.registry import reference_folders

    try:
        return study in References(reference_folders()).tested_studies
    except DseError:  # a damaged file; `dse compare` says which
        return False
