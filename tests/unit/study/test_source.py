"""YAML keeps its places; overrides replace exactly what they name."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dse.contracts.errors import StudyError
from dse.study.source import apply_overrides, load_yaml, parse_study_yaml, raise_mistakes

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
    ("place", "where"),
    [
        ((), "s.yaml:2"),
        (("name",), "s.yaml:2 (name)"),
        (("workload", "pt_min_gev"), "s.yaml:3 (workload.pt_min_gev)"),
        (("space", "total_bits", "range", "start"), "s.yaml:7 (space.total_bits.range.start)"),
        (("space", "total_bits", "range", "stop"), "s.yaml:8 (space.total_bits.range.stop)"),
        (("space", "total_bits", "range", "step"), "s.yaml:7 (space.total_bits.range)"),
        (("space", "reuse_factor", 1), "s.yaml:9 (space.reuse_factor.1)"),
        (("backends", 1, "part"), "s.yaml:13 (backends.1.part)"),
        (("search", "method"), "s.yaml:2"),
    ],
)
def test_places(place, where):
    assert source().where(*place) == where


def test_plain_data():
    text = "a: [1, 1.5, 1e3, 0x10, true, on, null, '8', ~, 1_000]\nb: &x {c: d}\ne: *x\n"
    tree = source(text).tree
    assert tree["a"] == [1, 1.5, 1000.0, 16, True, "on", None, "8", None, 1000]
    assert [type(v) for v in tree["a"][:3]] == [int, float, float]
    assert tree["e"] == {"c": "d"}
    assert type(tree["b"]) is dict


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("", "s.yaml:1", "the file is empty"),
        ("# only a comment\n", "s.yaml:1", "the file is empty"),
        ("- a\n- b\n", "s.yaml:1", "does not hold a mapping"),
        ("just text", "s.yaml:1", "does not hold a mapping"),
        ("a: 1\nb:\n\tc: 2\n", "s.yaml:3", "hint: indent with spaces"),
        ("a: 1\nb: [1, 2\n", "s.yaml:3", "not valid YAML"),
        ("a: 1\nb: c: d\n", "s.yaml:2", "mapping values are not allowed"),
        ("a: 1\nb: *nowhere\n", "s.yaml:2", "undefined alias"),
        ("a: 1\n---\nb: 2\n", "s.yaml:2", "another document"),
        ("a: 1\nb: \x01\n", "s.yaml:2", "not valid YAML"),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "s.yaml:4 (b.c)", "'c' is also given at s.yaml:3"),
        ("a: 1\n2: 1\n", "s.yaml:2", "a key should be a text"),
        ("a: 1\n[b]: 1\n", "s.yaml:2", "a key should be a text"),
        ("a: 1\nb: 2024-01-01\n", "s.yaml:2 (b)", "is a timestamp"),
        ("a: !!python/object:os.system x\n", "s.yaml:1 (a)", "not a plain value"),
        ("a: !!set {b}\n", "s.yaml:1 (a)", "is not supported"),
        ("a: !own [b]\n", "s.yaml:1 (a)", "is not supported"),
        ("a: [1, .nan]\n", "s.yaml:1 (a.1)", "not a finite number"),
        ("a: .inf\n", "s.yaml:1 (a)", "not a finite number"),
        ("a: 1e999\n", "s.yaml:1 (a)", "not a finite number"),
        ('a: "\\ud800"\n', "s.yaml:1 (a)", "lone surrogate"),
        ('a: 1\n"\\udc00": 1\n', "s.yaml:2", "lone surrogate"),
        ("a: 1\ntrue: 1\n", "s.yaml:2", "put it into quotes"),
        ("a: !!int x\n", "s.yaml:1 (a)", "not a legal number"),
        ("a: " + "9" * 5000 + "\n", "s.yaml:1 (a)", "not a legal number"),
        ("a: 1\nb: &x [*x]\n", "s.yaml:2 (b.0)", "inside its own anchor"),
        ("a: " + "[" * 3000, "s.yaml:1", "nested too deeply"),
    ],
)
def test_wrong_yaml(text, where, says):
    with pytest.raises(StudyError) as caught:
        source(text)
    assert caught.value.where == where
    assert says in str(caught.value)


def test_aliases_cannot_explode():
    lines = ["l0: &l0 [1, 1]"]
    lines += [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 9)]
    with pytest.raises(StudyError, match="more than 100000 values"):
        source("\n".join(lines))


def test_wrong_files(tmp_path):
    (tmp_path / "bitwidth.yaml").write_text("a: 1\n")
    (tmp_path / "latin.yaml").write_bytes("a: 1\nb: µ\n".encode("latin-1"))
    cases = {
        "bitwith.yaml": ("no such file", "did you mean 'bitwidth.yaml'", ""),
        "nowhere/x.yaml": ("no such file", "", ""),
        ".": ("a directory", "", ""),
        "latin.yaml": ("not UTF-8", "save the file as UTF-8", ":2"),
    }
    for name, (message, hint, line) in cases.items():
        with pytest.raises(StudyError) as caught:
            load_yaml(tmp_path / name)
        assert message in caught.value.message
        assert hint in caught.value.hint
        assert caught.value.where == f"{tmp_path / name}{line}"


def test_load_keeps_text_and_skips_a_byte_order_mark(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text("a: é\n", encoding="utf-8-sig")
    loaded = load_yaml(path)
    assert (loaded.text, loaded.tree, loaded.name) == ("a: é\n", {"a": "é"}, str(path))


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
        ("workload.seed", "no path or no '='"),
        ("=1", "no path or no '='"),
        ("workload..seed=1", "no path or no '='"),
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
scalars = st.one_of(st.integers(), st.booleans(), st.none(), st.text(max_size=5))
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


def test_mistakes_are_listed_once_each():
    src = source()
    raise_mistakes([])
    one, two = src.mistake(("name",), "first"), src.mistake(("space",), "second", "try")
    with pytest.raises(StudyError) as caught:
        raise_mistakes([one, one])
    assert caught.value is one
    with pytest.raises(StudyError) as caught:
        raise_mistakes([one, two])
    assert str(caught.value).splitlines() == [
        "2 mistakes in the study",
        "s.yaml:2 (name): first",
        "s.yaml:5 (space): second",
        "  hint: try",
    ]
    with pytest.raises(StudyError, match="and 5 more"):
        raise_mistakes([src.mistake((), str(index)) for index in range(25)])
