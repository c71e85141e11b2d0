"""What a sampler is told, and what it is asked for."""

import sys

import pytest

from dse.contracts.errors import ToolMissingError
from dse.search.observed import Observation
from dse.search.proposals import Proposals
from dse.study.space import Space
from dse.study.validate import parse_study

TEXT = """\
workload: {name: w}
backends: [b]
space:
  a: {range: {start: 0, stop: 15}}
  kind: [x, y, z]
  b: {range: {start: 0, stop: 15}}
  fixed: 1
constraints: ["a + b >= 3"]
"""
SPACE = Space(parse_study(TEXT))
GUIDED = ("tpe", "nsga2", "nsga3", "layerwise")
BOTH = ("minimise", "maximise")


def values(rows):
    """Best at a = 12, kind y, b = 3, in both objectives."""
    a, kind, b, _ = rows
    return float((a - 12) ** 2 + 20 * (kind != 1)), float(-abs(b - 3))


def told(rows, **given):
    return Observation(rows, given.pop("values", values(rows)), **given)


def search(method, count, batch=1, tell=told, seed=1, directions=BOTH):
    proposals = Proposals(SPACE, method, directions, seed)
    known = []
    while len(known) < count:
        known += [tell(rows) for rows in proposals.next(known, min(batch, count - len(known)))]
    return known


@pytest.mark.parametrize("method", ["random", "qmc", *GUIDED])
@pytest.mark.parametrize("batch", [1, 7])
def test_new_and_allowed(method, batch):
    found = [known.rows for known in search(method, 40, batch)]
    assert len(set(found)) == 40
    assert all(a + b >= 3 for a, _, b, _ in found)


@pytest.mark.parametrize("method", GUIDED)
def test_learns_where_designs_are_good(method):
    def mean(known):
        return sum(k.values[0] - 4 * k.values[1] for k in known) / len(known)

    assert mean(search(method, 90, batch=4)[-40:]) < 0.85 * mean(search("random", 300))


@pytest.mark.parametrize("method", ["random", "qmc", *GUIDED])
def test_the_same_knowledge_gives_the_same_proposals(method):
    known = search(method, 25)
    proposals = Proposals(SPACE, method, BOTH, 1)
    assert proposals.next(known, 4) == Proposals(SPACE, method, BOTH, 1).next(known, 4)
    assert proposals.next(known, 4) != Proposals(SPACE, method, BOTH, 2).next(known, 4)


@pytest.mark.parametrize("method", GUIDED)
def test_failures_and_missed_limits_are_avoided(method):
    """What would be best fails or misses a limit, so the search stays on the other side."""

    def half(rows):
        if rows[0] < 8:
            return told(rows)
        return Observation(rows, None) if rows[2] % 2 else told(rows, violation=rows[0] / 8)

    late = search(method, 120, batch=4, tell=half)[-60:]
    assert sum(known.rows[0] < 8 for known in late) / 60 > 0.6, "half of them by chance"


def test_nothing_but_failures_does_not_stop_it():
    found = search("tpe", 30, tell=lambda rows: Observation(rows, None))
    assert len({known.rows for known in found}) == 30


def test_numbers_from_one_objective_alone():
    found = search("tpe", 40, tell=lambda rows: Observation(rows, values(rows)[:1]),
                   directions=("minimise",))  # fmt: skip
    assert min(known.values[0] for known in found) <= 1


def test_a_method_without_its_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr("dse.search.methods.find_spec", lambda _: None)
    with pytest.raises(ToolMissingError, match="gp needs PyTorch") as caught:
        Proposals(SPACE, "gp", BOTH, 1)
    assert "pip install torch" in caught.value.hint
