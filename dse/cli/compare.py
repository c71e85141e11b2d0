"""`dse compare`: what a study says about the claims of publications."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dse.cli.console import (
    DEFAULT_DATABASE,
    Database,
    JsonFlag,
    Wide,
    console,
    grid,
    print_json,
)
from dse.formatting import counted

if TYPE_CHECKING:
    from dse.analysis.references import References
    from dse.analysis.verdicts import Finding
    from dse.store.queries import Results

NO_STUDY = ""
"""Stands for the claims that no study tests."""
_COLUMNS = ("claim", "in", "verdict", "published", "measured", "test")
_NARROW = ("claim", "verdict", "published", "measured")
"""Columns of a terminal without room for all; place and test of a claim then stand below."""
_WIDE = 120
"""Columns of a terminal that has room for the test beside the numbers."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(compare)


def compare(
    study: Annotated[
        str | None,
        typer.Argument(metavar="STUDY", help="Name of the study; default: the last one that ran."),
    ] = None,
    all_studies: Annotated[
        bool, typer.Option("--all", help="All studies that some claim names, run or not.")
    ] = False,
    reference: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A reference file of your own, beside installed ones."),
    ] = None,
    wide: Wide = False,
    database: Database = DEFAULT_DATABASE,
    as_json: JsonFlag = False,
) -> None:
    """Compare results with what publications claim.

    Each claim is reproduced, right in its shape only, contradicted, or without a number: then a
    tool is needed, or the study was not run. Ends with 8 if a claim is contradicted.
    """
    from dse.analysis.references import References
    from dse.contracts.registry import reference_folders
    from dse.store.queries import Results

    references = References(reference_folders(), reference or ())
    results = Results(database)
    everything = [*references.tested_studies, NO_STUDY]
    names = everything if all_studies else [_name(study, references, results)]
    found = [finding for name in names for finding in _findings(references, results, name)]
    if as_json:
        print_json([_flat(finding) for finding in found])
    else:
        _print(found, names, wide=wide)
    _end(found)


def _name(given: str | None, references: "References", results: "Results") -> str:
    """Return the name of the study.

    Raises:
        UsageError: no claim names it.
    """
    from dse.contracts.errors import UsageError, nearest

    known = references.tested_studies
    name = given if given in known else results.study(given).name
    if name not in known:
        hint = f"{nearest(name, known)}; a file of your own: --reference FILE"
        raise UsageError(f"no claim of a publication names the study '{name}'", hint=hint)
    return name


def _findings(references: "References", results: "Results", study: str) -> "Iterator[Finding]":
    from dse.analysis.points import Points
    from dse.analysis.verdicts import judge

    was_run = study in {one.name for one in results.studies()}
    points = Points(results, study) if was_run else None
    for reference, claim in references.claims(study):
        yield from judge(reference, claim, study, points)


def _flat(finding: "Finding") -> dict[str, Any]:
    column, evidence = finding.column, finding.evidence
    return {
        "reference": finding.reference.key,
        "claim": finding.claim.key,
        "text": finding.claim.text,
        "source": finding.claim.source,
        "study": finding.study,
        "metric": finding.claim.metric,
        "backend": column.backend if column else None,
        "fidelity": column.fidelity.value if column else None,
        "verdict": finding.verdict.value,
        "verdict_text": finding.text,
        "published": finding.published,
        "measured": evidence.measured,
        "test": evidence.test,
        "note": finding.note,
        "points": [vars(one) for one in evidence.compared],
    }


def _print(found: "Sequence[Finding]", names: Sequence[str], *, wide: bool) -> None:
    out = console(wide=wide)
    columns = _COLUMNS if out.width >= _WIDE else _NARROW
    for name in names:
        of_study = [finding for finding in found if finding.study == name]
        rows = [_cells(finding) for finding in of_study]
        shown = [column for column in columns if any(row[column] for row in rows)]
        table = grid(*shown, title=f"{name or 'no study'}: claims of publications")
        for row in rows:
            table.add_row(*(row[column] for column in shown))
        out.print(table)
        for note in dict.fromkeys(_notes(of_study, with_test=columns != _COLUMNS)):
            out.print(note)


def _cells(finding: "Finding") -> dict[str, str]:
    column, evidence = finding.column, finding.evidence
    by = f" ({column.backend}, {column.fidelity})" if column and evidence.measured else ""
    measured = f"{evidence.measured}{by}"
    claim = finding.claim.key, finding.claim.source
    texts = (*claim, finding.text, finding.published, measured, evidence.test)
    return dict(zip(_COLUMNS, texts, strict=True))


def _notes(found: "Sequence[Finding]", *, with_test: bool) -> Iterator[str]:
    """Yield what each claim says and where, and why a verdict is limited."""
    for finding in found:
        claim = finding.claim
        yield f"{claim.key}: {claim.text} ({finding.reference.title}, {claim.source})"
        if with_test and finding.evidence.test:
            yield f"  {finding.evidence.test}"
        if finding.note and finding.note != finding.evidence.test:
            yield f"  {claim.key}: {finding.note}"


def _end(found: "Sequence[Finding]") -> None:
    """End the command by an exit code if claims are contradicted.

    Raises:
        ContradictionError: some are.
    """
    from dse.analysis.verdicts import Verdict
    from dse.contracts.errors import ContradictionError

    wrong = [one for one in found if one.verdict is Verdict.CONTRADICTS]
    if wrong:
        names = ", ".join(dict.fromkeys(f"{one.claim.key} ({one.study})" for one in wrong))
        message = f"{counted(len(wrong), 'result')} of {len(found)} contradict a claim: {names}"
        raise ContradictionError(
            message, hint="the test beside the numbers says why; other verdicts: dse compare --all"
        )
