"""The verdicts on what publications claim of a study, as `dse compare` prints them."""

from typing import Any

from dash import html

from dashboards.quantities import origin_of
from dse.analysis.points import Points
from dse.analysis.references import References
from dse.analysis.verdicts import Finding, Verdict, judge

_HEADS = ("verdict", "claim", "in", "published", "measured", "test")


def verdict_table(table: Points, references: References) -> Any:
    """Return the claims that name a study with their verdicts; nothing where none does."""
    found = [
        finding
        for reference, claim in references.claims(table.study)
        for finding in judge(reference, claim, table.study, table)
    ]
    if not found:
        return html.Div()
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in _HEADS]))
    body = html.Tbody([_row(finding) for finding in found])
    table = html.Table([head, body], className="facts")
    return html.Div([html.H2("What publications claim"), html.Div(table, className="panel")])


def _row(finding: Finding) -> html.Tr:
    column, evidence, claim = finding.column, finding.evidence, finding.claim
    by = f" ({origin_of(column.backend, column.fidelity)})" if column and evidence.measured else ""
    test = "; ".join(dict.fromkeys(filter(None, (evidence.test, finding.note))))
    cells = (
        claim.text,
        f"{finding.reference.title}, {claim.source}",
        finding.published,
        f"{evidence.measured}{by}",
        test,
    )
    wrong = finding.verdict is Verdict.CONTRADICTS
    return html.Tr(
        [html.Td(finding.text), *map(html.Td, cells)], className="changed" if wrong else ""
    )
