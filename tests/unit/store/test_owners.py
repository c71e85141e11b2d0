"""Names of studies in a database that several people write to."""

import pytest

from dse.store.owners import meant_name, own_name

KNOWN = {"jets": "ana", "jets@bob": "bob", "mine": "bob"}


@pytest.mark.parametrize(
    ("name", "owner", "stored"),
    [
        ("jets", "ana", "jets"),
        ("jets", "bob", "jets@bob"),
        ("jets", "eve", "jets@eve"),  # another's: a new study
        ("new", "eve", "new"),
        ("mine", "bob", "mine"),
        ("jets@bob", "bob", "jets@bob"),  # as a rescue file names it
        ("jets", "", "jets"),  # a file has no owners
    ],
)
def test_a_name_that_is_anothers_gets_ones_own(name: str, owner: str, stored: str) -> None:
    assert own_name(name, owner, KNOWN) == stored


@pytest.mark.parametrize(
    ("name", "owner", "meant"),
    [
        ("jets", "bob", "jets@bob"),
        ("jets@ana", "bob", "jets"),
        ("jets", "eve", "jets"),  # who has none looks at ana's
        ("jets@eve", "bob", "jets@eve"),  # there is none: the error names it
        ("jets@bob", "", "jets@bob"),
    ],
)
def test_who_looks_means_the_own_study_first(name: str, owner: str, meant: str) -> None:
    assert meant_name(name, owner, KNOWN) == meant
