"""Distributions with real values: what a person reads on an axis."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import create_trial

from dse.search.optuna_distributions import real_distribution, shown


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([8, 10, 12], IntDistribution(8, 12, step=2)),
        ([14, 8, 10], IntDistribution(8, 14, step=2)),
        ([3, 7, 8], IntDistribution(3, 8)),
        ([1, 2, 4, 8], IntDistribution(1, 8, log=True)),
        ([1, 2], IntDistribution(1, 2)),
        ([-4, -2, 0], IntDistribution(-4, 0, step=2)),
        ([5], IntDistribution(5, 5)),
        ([0.5, 1, 1.5], FloatDistribution(0.5, 1.5)),
        ([0.1, 1.0, 10.0], FloatDistribution(0.1, 10.0, log=True)),
        (["x", "y"], CategoricalDistribution(["x", "y"])),
        ([True, False], CategoricalDistribution([True, False])),
        ([1, True], CategoricalDistribution([1, True])),
        ([None, 3], CategoricalDistribution([None, 3])),
        ([[1, 2], {"a": 1}], CategoricalDistribution(["[1, 2]", '{"a": 1}'])),
    ],
)
def test_distributions(values, expected):
    assert real_distribution(values) == expected


@given(
    st.lists(
        st.one_of(
            st.integers(-1000, 1000),
            st.floats(-1e6, 1e6, allow_nan=False),
            st.sampled_from(["a", "b", None]),
        ),
        min_size=1,
        max_size=8,
        unique_by=str,
    )
)
def test_every_value_is_in_its_distribution(values):
    distribution = real_distribution(values)
    for value in values:
        trial = create_trial(
            params={"p": shown(value)}, distributions={"p": distribution}, value=0.0
        )
        assert trial.params == {"p": value}
