"""The points of a space against brute force."""

import itertools
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dse.contracts.errors import StudyError
from dse.study.space import Axis, Space
from dse.study.validate import parse_study

HEAD = "workload: {name: w}\nbackends: [b]\n"


def space(text):
    return Space(parse_study(HEAD + text))


def points(text):
    return list(space(text).points())


def values(domain):
    return [point["p"] for point in points(f"space:\n  p: {domain}\n")]


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("{values: [latency, resource]}", ["latency", "resource"]),
        ("[3, 1, 2]", [3, 1, 2]),
        ("5.0", [5.0]),
        ("null", [None]),
        ("text", ["text"]),
        ("{values: [{a: 1}, {a: 2}]}", [{"a": 1}, {"a": 2}]),
        ("[[1, 2], [3]]", [[1, 2], [3]]),
        ("{range: {start: 8, stop: 20, step: 2}}", [8, 10, 12, 14, 16, 18, 20]),
        ("{range: {start: 8, stop: 21, step: 4}}", [8, 12, 16, 20]),
        ("{range: {start: -1, stop: 1}}", [-1, 0, 1]),
        ("{range: {start: 0.1, stop: 0.7, step: 0.1}}", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]),
        ("{range: {start: 1, stop: 2, step: 0.5}}", [1.0, 1.5, 2.0]),
        ("{range: {start: 3, stop: 3}}", [3]),
        ("{log2: {start: 1, stop: 64}}", [1, 2, 4, 8, 16, 32, 64]),
        ("{log2: {start: 3, stop: 20}}", [3, 6, 12]),
        ("{log2: {start: 0.25, stop: 1}}", [0.25, 0.5, 1.0]),
        ("{log2: {start: 1.0e+308, stop: 1.7e+308}}", [1e308]),
        ("[{a: 1, b: 2}, {b: 2, a: 1}]", [{"a": 1, "b": 2}]),
        ("[8, 12, 8, 8.0]", [8, 12]),
        ("[true, 1, '1', null]", [True, 1, "1", None]),
    ],
)
def test_values(domain, expected):
    found = values(domain)
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


@pytest.mark.parametrize("text", ["", "space:\n", "space: {}\n"])
def test_no_space_is_one_point(text):
    assert points(text) == [{}]
    assert space(text).size == space(text).raw_size == 1


def test_last_parameter_is_fastest_and_keys_keep_the_order_of_the_file():
    found = points("space: {c: {coupled: a * 10 + b}, a: [1, 2], b: [3, 4]}\n")
    assert [list(point.items()) for point in found] == [
        [("c", 13), ("a", 1), ("b", 3)],
        [("c", 14), ("a", 1), ("b", 4)],
        [("c", 23), ("a", 2), ("b", 3)],
        [("c", 24), ("a", 2), ("b", 4)],
    ]


def test_couplings_in_any_order_and_whole_numbers():
    found = points("space: {a: {coupled: b + 1}, b: {coupled: c / 2}, c: [8, 9], d: 7}\n")
    assert found == [
        {"a": 5, "b": 4, "c": 8, "d": 7},
        {"a": 5.5, "b": 4.5, "c": 9, "d": 7},
    ]
    assert type(found[0]["b"]) is int


def test_zip_stands_where_its_first_parameter_stands():
    text = "space: {a: [1, 2], b: [5, 6], c: [3, 4]}\nzip:\n  - [c, a]\n"
    found = space(text)
    assert found.axes == (Axis(("c", "a"), ((3, 1), (4, 2))), Axis(("b",), ((5,), (6,))))
    assert list(found.points()) == [
        {"a": 1, "b": 5, "c": 3},
        {"a": 1, "b": 6, "c": 3},
        {"a": 2, "b": 5, "c": 4},
        {"a": 2, "b": 6, "c": 4},
    ]


def test_zip_drops_only_equal_rows():
    assert points("space: {a: [1, 1, 1], b: [5, 6, 5]}\nzip: [[a, b]]\n") == [
        {"a": 1, "b": 5},
        {"a": 1, "b": 6},
    ]


def test_at_and_violations():
    found = space("space: {a: [1, 2], b: [3, 4]}\nconstraints: [a + b < 6, a != 2, b > 0]\n")
    assert found.at([1, 1]) == {"a": 2, "b": 4}
    assert found.violations({"a": 2, "b": 4}) == ("a + b < 6", "a != 2")
    assert found.violations(found.at([0, 0])) == ()
    assert (found.raw_size, found.size) == (4, 2)


columns = st.lists(st.integers(-3, 3), min_size=1, max_size=4)


@settings(deadline=None)
@given(columns, columns, columns, st.integers(-4, 4), st.booleans())
def test_against_brute_force(a, b, c, limit, zipped):
    if zipped:
        c = (c * 4)[: len(a)]
        c += [9] * (len(a) - len(c))
    crossed = (
        [(x, y, z) for x, z in zip(a, c, strict=True) for y in b]
        if zipped
        else list(itertools.product(a, b, c))
    )
    unique = list(dict.fromkeys(crossed))
    expected = [
        {"a": x, "b": y, "c": z, "d": x * y - z} for x, y, z in unique if x * y - z <= limit
    ]
    text = f"space: {{a: {a}, b: {b}, c: {c}, d: {{coupled: a * b - c}}}}\n"
    text += f"constraints: [d <= {limit}]\n" + ("zip: [[a, c]]\n" if zipped else "")
    found = space(text)
    assert found.raw_size == len(unique)
    if expected:
        assert list(found.points()) == expected
        assert found.size == len(expected)
    else:
        with pytest.raises(StudyError, match=f"rejects {len(unique)}"):
            list(found.points())


def test_a_million_points_are_lazy():
    ranges = "\n".join(f"  p{i}: {{range: {{start: 0, stop: 9}}}}" for i in range(6))
    found = space(f"space:\n{ranges}\n")
    assert found.size == found.raw_size == 10**6
    tracemalloc.start()
    last = None
    for last in itertools.islice(found.points(), 20_000):  # noqa: B007  (the last one counts)
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert last == {"p0": 0, "p1": 1, "p2": 9, "p3": 9, "p4": 9, "p5": 9}
    assert peak < 2**20


def test_the_product_is_counted_without_making_it():
    ranges = "\n".join(f"  p{i}: {{range: {{start: 1, stop: 1000}}}}" for i in range(20))
    started = time.monotonic()
    found = space(f"space:\n{ranges}\n")
    assert found.raw_size == 1000**20
    assert next(found.points()) == {f"p{i}": 1 for i in range(20)}
    assert time.monotonic() - started < 5


def fails(text):
    with pytest.raises(StudyError) as caught:
        points(text)
    return caught.value


def test_nothing_left_says_which_constraint_rejects_how_many():
    error = fails("space: {a: [1, 2, 3, 4]}\nconstraints:\n  - a < 2\n  - a > 1\n")
    assert "no point is left: of 4 points, 'a < 2' rejects 3, 'a > 1' rejects 1" in error.message
    assert error.where == "study.yaml:4 (constraints)"


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        (
            "space:\n  a: [0]\n  b: {coupled: 1 / a}\n",
            "study.yaml:5 (space.b.coupled)",
            "division by zero at the point {'a': 0}",
        ),
        (
            "space: {a: [1, x]}\nconstraints:\n  - a < 2\n",
            "study.yaml:5 (constraints.0)",
            "'x' is not a number at the point {'a': 'x'}",
        ),
        (
            "space: {a: [1]}\nconstraints: [a + 1]\n",
            "study.yaml:4 (constraints.0)",
            "gives 2, not true or false",
        ),
    ],
)
def test_expressions_that_fail_at_a_point(text, where, says):
    error = fails(text)
    assert error.where == where
    assert says in error.message
