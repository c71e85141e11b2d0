"""Overrides replace exactly what they name."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dse.contracts.errors import StudyError
from dse.study.overrides import apply_overrides
from dse.study.source import parse_study_yaml

TEXT = """\
# a comment
name: bitwidth
workload: {name: tracking, pt_min_gev: 2.0}

space:
  total_bits:
    range: {start: 8,
      stop: 20}
  reuse_factor: [1, 2]
backends:
  - bittrue
  - name: estimate
    part: xcvu9p
objectives: [auc]
"""


def source(text=TEXT):
    return parse_study_yaml(text, "s.yaml")


@pytest.mark.parametrize(
    ("override", "place", "value"),
    [
        ("workload.pt_min_gev=1", ("workload", "pt_min_gev"), 1),
        ("workload.network=a=b", ("workload", "network"), "a=b"),
        ("workload.seed=", ("workload", "seed"), None),
        ("space.total_bits.values=[8,12]", ("space", "total_bits"), {"values": [8, 12]}),
        ("space.total_bits.coupled=a / 2", ("space", "total_bits"), {"coupled": "a / 2"}),
        (
            "space.total_bits.range.step=4",
            ("space", "total_bits"),
            {"range": {"start": 8, "stop": 20, "step": 4}},
        ),
        ("space.total_bits=9", ("space", "total_bits"), 9),
        ("space.reuse_factor.values=[4]", ("space", "reuse_factor"), {"values": [4]}),
        ("space.new.log2={start: 1, stop: 4}", ("space", "new", "log2", "stop"), 4),
        ("backends.1.part=p", ("backends", 1), {"name": "estimate", "part": "p"}),
        ("backends.estimate.part=p", ("backends", 1), {"name": "estimate", "part": "p"}),
        ("backends.bittrue.a=1", ("backends", 0), {"name": "bittrue", "a": 1}),
        ("backends.0=csim", ("backends", 0), "csim"),
        ("objectives.auc.direction=minimise", ("objectives", 0, "direction"), "minimise"),
        ("search.method=grid", ("search",), {"method": "grid"}),
        ("search.limits.lut.max=3", ("search", "limits"), {"lut": {"max": 3}}),
        ("search.limits.open.lut.max=3", ("search", "limits"), {"open.lut": {"max": 3}}),
        ("search.limits.open.lut={min: 1}", ("search", "limits"), {"open.lut": {"min": 1}}),
    ],
)
def test_override(override, place, value):
    before = source()
    after = apply_overrides(before, [override])
    found = after.tree
    for part in place:
        found = found[part]
    assert found == value
    assert before.tree == source().tree
    changed = [key for key in after.tree if after.tree[key] != before.tree.get(key)]
    assert changed == [place[0]]
    assert f"--set {override}" in after.origins.values()


DOTTED = TEXT.replace("[auc]", "[auc, open.lut, {metric: vitis.lut.csynth, direction: maximise}]")
DOTTED += "search: {limits: {open.lut: {min: 1, max: 9}, lut: {max: 5}}, "
DOTTED += "ladder: [{backends: [open]}]}\n"


@pytest.mark.parametrize(
    ("override", "place", "value"),
    [
        (
            "objectives.open.lut.direction=maximise",
            ("objectives", 1),
            {"metric": "open.lut", "direction": "maximise"},
        ),
        (
            "objectives.vitis.lut.csynth.direction=minimise",
            ("objectives", 2, "direction"),
            "minimise",
        ),
        ("objectives.open.lut=auc", ("objectives", 1), "auc"),
        (
            "objectives.auc.enough=0.99",
            ("objectives", 0),
            {"metric": "auc", "enough": 0.99},
        ),
        ("objectives.1.metric=open.ff", ("objectives", 1), {"metric": "open.ff"}),
        ("search.limits.open.lut.max=7", ("search", "limits", "open.lut"), {"min": 1, "max": 7}),
        ("search.limits.open.lut={max: 7}", ("search", "limits", "open.lut"), {"max": 7}),
        ("search.limits.open.ff.max=7", ("search", "limits", "open.ff"), {"max": 7}),
        (
            "search.ladder.0.limits.open.lut.max=7",
            ("search", "ladder", 0, "limits"),
            {"open.lut": {"max": 7}},
        ),
        ("search.limits.lut.min=2", ("search", "limits", "lut"), {"max": 5, "min": 2}),
    ],
)
def test_names_of_metrics_may_have_dots(override, place, value):
    after = apply_overrides(source(DOTTED), [override])
    found = after.tree
    for part in place:
        found = found[part]
    assert found == value
    assert after.where(*place).startswith(f"--set {override}") or isinstance(value, dict)


def test_an_unknown_metric_with_dots_lists_those_that_are_there():
    with pytest.raises(StudyError, match=r"'objectives' has no item 'open'") as caught:
        apply_overrides(source(DOTTED), ["objectives.open.lutt.direction=minimise"])
    assert "open.lut" in caught.value.hint


def test_later_overrides_win_and_own_their_place():
    after = apply_overrides(source(), ["workload.a=1", "workload.a=2", "space.n.values=[1, 5]"])
    assert after.tree["workload"]["a"] == 2
    assert after.where("workload", "a") == "--set workload.a=2 (workload.a)"
    assert after.where("workload", "name") == "s.yaml:3 (workload.name)"
    where = "--set space.n.values=[1, 5] (space.n.values.1)"
    assert after.where("space", "n", "values", 1) == where


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("workload.seed", "there is no '='"),
        ("=1", "the path has an empty name"),
        ("workload..seed=1", "the path has an empty name"),
        ("name.x=1", "'name' holds a value, not a section"),
        ("workload.name.x=1", "write workload.name=value"),
        ("backends.estimat.part=1", "did you mean 'estimate'? legal: bittrue, estimate"),
        ("backends.2.part=1", "'backends' has no item '2'"),
        ("backends.-1.part=1", "'backends' has no item '-1'"),
        ("space.reuse_factor.values=[1", "not valid YAML"),
        ("workload.day=2024-01-01", "is a timestamp"),
    ],
)
def test_wrong_override(override, says):
    with pytest.raises(StudyError) as caught:
        apply_overrides(source(), [override])
    assert caught.value.where.startswith(f"--set {override}")
    assert says in str(caught.value)


keys = st.sampled_from("abc")
scalars = st.one_of(
    st.integers(-(2**63) + 1, 2**63 - 1), st.booleans(), st.none(), st.text(max_size=5)
)
trees = st.dictionaries(
    keys, st.recursive(scalars, lambda inner: st.dictionaries(keys, inner), max_leaves=6)
)


def expected_tree(tree, path, value):
    """An independent setter; None where a scalar stands in the way."""
    tree = copy.deepcopy(tree)
    node = tree
    for key in path[:-1]:
        if node.get(key) is None:
            node[key] = {}
        node = node[key]
        if not isinstance(node, dict):
            return None
    node[path[-1]] = value
    return tree


@settings(deadline=None)
@given(trees, st.lists(keys, min_size=1, max_size=4), st.one_of(scalars, trees))
def test_override_sets_one_path(tree, path, value):
    whole = {"workload": tree}
    path = ["workload", *path]
    override = f"{'.'.join(path)}={json.dumps(value)}"
    expected = expected_tree(whole, path, value)
    before = parse_study_yaml(json.dumps(whole), "s.yaml")
    assert before.tree == whole
    if expected is None:
        with pytest.raises(StudyError, match="holds a value"):
            apply_overrides(before, [override])
    else:
        assert apply_overrides(before, [override]).tree == expected


@pytest.mark.parametrize(
    ("override", "backends"),
    [
        ("backends=[estimate]", [{"name": "estimate", "part": "xcvu9p"}]),
        ("backends=[estimate,csim]", [{"name": "estimate", "part": "xcvu9p"}, "csim"]),
        ("backends=[bittrue]", ["bittrue"]),
        ("backends=[{name: estimate}]", [{"name": "estimate"}]),
        ("backends=estimate", "estimate"),
    ],
)
def test_named_backends_keep_their_options(override, backends):
    assert apply_overrides(source(), [override]).tree["backends"] == backends
