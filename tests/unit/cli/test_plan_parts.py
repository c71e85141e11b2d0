"""Parts that `dse plan` and `dse run` question."""

import json

import pytest

from dse.contracts.parameters import Parameter
from dse.testing.noop import NoopBackend


class OnParts(NoopBackend):
    parameters = (*NoopBackend.parameters, Parameter("part", str, "xcvu9p", "FPGA part"))


@pytest.mark.parametrize(
    ("part", "is_known"), [("xc7z020clg400-1", True), ("xcvu9p", True), ("xc7zzz", False)]
)
def test_a_part_of_unknown_capacity_is_questioned(dse, tmp_path, monkeypatch, part, is_known):
    monkeypatch.setattr("dse.testing.noop.NoopBackend", OnParts)
    (tmp_path / "s.yaml").write_text(
        f"{{workload: noop, space: {{value: [1, 2]}}, backends: [{{name: noop, part: {part}}}]}}"
    )
    answer = dse("plan", tmp_path / "s.yaml")
    assert answer.code == 0
    assert (f"part '{part}': capacity not known" in answer.err) == (not is_known)
    ran = dse("run", tmp_path / "s.yaml", "--executor", "serial")
    assert (f"part '{part}': capacity not known" in ran.err) == (not is_known)
    told = json.loads(dse("plan", tmp_path / "s.yaml", "--json").out)["unknown_parts"]
    assert list(told) == ([] if is_known else [part])


def test_the_space_of_a_search_is_that_of_its_first_step(dse, tmp_path):
    """A parameter that the ladder sets is not searched."""
    (tmp_path / "s.yaml").write_text(
        "{workload: noop, space: {value: [1, 2, 3], copy: [1, 2]}, backends: [noop],\n"
        " objectives: [latency_ns],\n"
        " search: {method: random, budget: {points: 2}, ladder: [\n"
        "  {backends: [noop], at: {copy: 1}}, {backends: [noop], at: {copy: 2}}]}}"
    )
    answer = dse("plan", tmp_path / "s.yaml", "--json")
    assert answer.code == 0, answer.err
    assert answer.json["search"]["space"] == 3
