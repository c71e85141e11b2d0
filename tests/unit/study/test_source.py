"""YAML keeps its places."""

import pytest

from dse.contracts.errors import StudyError
from dse.study.source import load_yaml, parse_study_yaml, raise_mistakes

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
        ("a: 1\n2: 1\n", "s.yaml:2", "a key should be a string"),
        ("a: 1\n[b]: 1\n", "s.yaml:2", "a key should be a string"),
        ("a: 1\nb: 2024-01-01\n", "s.yaml:2 (b)", "is a timestamp"),
        ("a: !!python/object:os.system x\n", "s.yaml:1 (a)", "not a plain value"),
        ("a: !!set {b}\n", "s.yaml:1 (a)", "is not supported"),
        ("a: !own [b]\n", "s.yaml:1 (a)", "is not supported"),
        ("a: [1, .nan]\n", "s.yaml:1 (a.1)", "not a finite number"),
        ("a: .inf\n", "s.yaml:1 (a)", "not a finite number"),
        ("a: 1e999\n", "s.yaml:1 (a)", "not a finite number"),
        (
            f"a:\n  b: [1, {2**63}]\n",
            "s.yaml:2 (a.b.1)",
            "9223372036854775808 has more than 64 bits",
        ),
        (f"a: -{2**63}\n", "s.yaml:1 (a)", "hint: write a smaller number"),
        ("a: " + "9" * 400 + "\n", "s.yaml:1 (a)", "9… has more than 64 bits"),
        ("a: 0x" + "f" * 17 + "\n", "s.yaml:1 (a)", "has more than 64 bits"),
        ("a: 1_0" + "0" * 20 + "\n", "s.yaml:1 (a)", "has more than 64 bits"),
        ('a: "\\ud800"\n', "s.yaml:1 (a)", "lone surrogate"),
        ('a: 1\n"\\udc00": 1\n', "s.yaml:2", "lone surrogate"),
        ("a: 1\ntrue: 1\n", "s.yaml:2", "put it into quotes"),
        ("a: !!int x\n", "s.yaml:1 (a)", "not a legal number"),
        ('a: !!int ""\n', "s.yaml:1 (a)", "not a legal number"),
        ("a: !!bool x\n", "s.yaml:1 (a)", "not a legal truth value"),
        ("a: 1\n<<: 2\n", "s.yaml:2", "'<<' takes a mapping"),
        ("a: &x {b: 1}\n<<: [*x, 2]\n", "s.yaml:2", "'<<' takes a mapping"),
        ("a: &x\n  b: {<<: *x}\n", "s.yaml:1 (a.b)", "inside its own anchor"),
        ("a: " + "9" * 5000 + "\n", "s.yaml:1 (a)", "not a legal number"),
        ("a: 1\nb: &x [*x]\n", "s.yaml:2 (b.0)", "inside its own anchor"),
        ("a: " + "[" * 3000, "s.yaml:1", "nested too deeply"),
        ("a: " + "[" * 5000 + "1" + "]" * 5000, "s.yaml:1", "nested too deeply"),
        ("a: " + "{a: " * 5000 + "1" + "}" * 5000, "s.yaml:1", "nested too deeply"),
        ("a: 1\nb:\n" + "- " * 5000, "s.yaml:1", "nested too deeply"),
        ("%YAML 9.9\n---\na: 1\n", "s.yaml:1", "version 9.9 of YAML is not supported"),
        ("a: 1\n%YAML 9.9\n", "s.yaml:2", "hint: take the line out"),
        ("%YAML 1.3\n---\na: 1\n", "s.yaml:1", "version 1.3 of YAML"),
        ("%YAML 1\n---\na: 1\n", "s.yaml:1", "version 1 of YAML"),
        ("%YAML 1.2 x\n---\na: 1\n", "s.yaml:1", "not valid YAML"),
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


def test_merged_mappings_cannot_explode():
    lines = ["l0: &l0 {a: 1}"]
    lines += [f"l{i}: &l{i} {{<<: [{', '.join([f'*l{i - 1}'] * 9)}]}}" for i in range(1, 9)]
    with pytest.raises(StudyError, match="more than 100000 values"):
        source("\n".join(lines))


def test_merged_keys_give_way_and_know_their_lines():
    text = "a: &a\n  x: 1\n  y: 2\nb: &b {y: 3, z: 4}\nc:\n  x: 0\n  <<: [*b, *a]\n"
    found = source(text)
    assert found.tree["c"] == {"x": 0, "y": 3, "z": 4}
    places = [found.where("c", key).partition(" ")[0] for key in "xyz"]
    assert places == ["s.yaml:6", "s.yaml:4", "s.yaml:4"]
    assert found.tree["a"] == {"x": 1, "y": 2}


def test_a_file_may_say_that_it_is_yaml_1_1():
    text = "a: [yes, 010, 1:30]\n"
    assert source(text).tree == {"a": ["yes", 10, "1:30"]}
    assert source(f"%YAML 1.1\n---\n{text}").tree == {"a": [True, 8, 90]}


def test_a_long_value_makes_no_long_message():
    found = source("a: 1\n")
    mistake = found.mistake(("a",), f"'{'x' * 5000}' is wrong")
    assert str(mistake).startswith("s.yaml:1 (a): 'xxx")
    assert str(mistake).endswith("xxx' is wrong")
    assert len(str(mistake)) < 1000
    with pytest.raises(StudyError) as caught:
        source(f"{'k' * 500}: {{{'l' * 500}: !!set {{b}}}}\n")
    assert len(str(caught.value)) < 1500


def test_the_largest_whole_numbers_are_legal():
    text = f"a: [{2**63 - 1}, {1 - 2**63}, 1e30]\n"
    assert source(text).tree == {"a": [2**63 - 1, 1 - 2**63, 1e30]}


def test_an_anchor_may_be_given_twice():
    text = "a: &x 1\nb: *x\nc: &x 2\nd: *x\n"
    assert source(text).tree == {"a": 1, "b": 1, "c": 2, "d": 2}


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
