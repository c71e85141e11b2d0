"""Write the page from its numbers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

VERDICTS = ("reproduced", "shape only", "contradicts", "needs", "not run")

_HEAD = "| the paper says | verdict | published | measured | decided by |\n|---|---|---|---|---|\n"
_UNEXPLAINED = "Not looked into yet."

_INTRO = """\
# The paper, verdict by verdict

What A. Heintz et al., *Accelerated Charged Particle Tracking with Graph Neural Networks on FPGAs*
([arXiv:2012.01563](https://arxiv.org/abs/2012.01563)), show and say, beside what the shipped
studies give. `make paper` runs what is missing of them and writes this page, its table and its
figure from the results; `dse compare --all` prints the same verdicts.
[Compare with published results](how-to/compare-with-published-results.md) explains verdicts and
tests.

"""
_FIGURE = """\
![Twelve panels: published numbers and those of the studies](paper/figure.svg){ .picture }

Grey: published. Colours: the studies. Times of the OpenCL program are those of the processor that
ran `make paper`, the paper's those of an Arria 10: compare shapes. The published numbers are in
`workloads/tracking/references/heintz2020.yaml`, each with its source; of Fig. 3 and of Fig. 4 but
for the AUC the paper has plots without numbers, so that only what its text says is tested.

"""


def page(numbers: Mapping[str, Any], explanations: Mapping[str, str]) -> str:
    """Return the page.

    Args:
        numbers: from `paper.collect.collect`.
        explanations: why a claim is contradicted, by its key.
    """
    findings = numbers["findings"]
    parts = [_INTRO, _counts(findings), _FIGURE, "## Verdicts\n\n", *_tables(findings)]
    return "".join([*parts, *_differences(findings, explanations)])


def _counts(findings: Sequence[Mapping[str, str]]) -> str:
    counts = {verdict: sum(f["verdict"] == verdict for f in findings) for verdict in VERDICTS}
    listed = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    return f"Of {len(findings)} tests of its claims: {listed}.\n\n"


def _tables(findings: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Yield a table for each place in the paper."""
    for source in dict.fromkeys(finding["source"] for finding in findings):
        yield f"### {source[0].upper()}{source[1:]}\n\n"
        yield _HEAD
        yield from (_row(finding) for finding in findings if finding["source"] == source)
        yield "\n"


def _row(finding: Mapping[str, str]) -> str:
    by = f"`{finding['study']}`"
    if finding["backend"]:
        by += f", `{finding['backend']}` ({finding['fidelity']})"
    test = "; ".join(dict.fromkeys(filter(None, (finding["test"], finding["note"]))))
    measured = f"{finding['measured']}<br>{by}" if finding["measured"] else by
    cells = finding["text"], finding["verdict_text"], finding["published"], measured, test
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n"


def _differences(
    findings: Sequence[Mapping[str, str]], explanations: Mapping[str, str]
) -> Iterator[str]:
    """Yield what is known about every contradicted claim."""
    wrong = dict.fromkeys(f["claim"] for f in findings if f["verdict"] == "contradicts")
    if not wrong:
        return
    yield "## Where results and paper differ\n\n"
    texts = {finding["claim"]: finding["text"] for finding in findings}
    for claim in wrong:
        yield f"**{texts[claim]}** {explanations.get(claim, _UNEXPLAINED).strip()}\n\n"
