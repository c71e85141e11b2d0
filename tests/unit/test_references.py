"""Published figures come from files of packages, and a wrong file is explained."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dse.analysis.references import References
from dse.contracts.errors import DataError

CURVE = {
    "label": "board",
    "metric": "latency_ns",
    "unit": "ns",
    "source": "Table 1",
    "points": [[1, 5e3], [2, 4e3]],
}
FIGURE = {
    "key": "3",
    "title": "Fig. 3",
    "x": "bits",
    "metrics": ["latency_ns"],
    "studies": ["mine"],
}


def write(folder: Path, name: str = "a.yaml", **sections: Any) -> Path:
    folder.mkdir(exist_ok=True)
    tree = {
        "key": "paper",
        "title": "A paper",
        "source": "doi:1",
        "figures": [{**FIGURE, "curves": [CURVE]}],
    }
    with (folder / name).open("w") as file:
        YAML(typ="safe").dump({**tree, **sections}, file)
    return folder


def test_figures_of_all_packages(tmp_path: Path) -> None:
    other = [{**FIGURE, "x": "reuse", "studies": []}]
    folders = [write(tmp_path / "a"), write(tmp_path / "b", key="other", figures=other)]
    (folders[0] / "__init__.py").touch()
    found = References(folders)
    assert list(found.figures) == ["paper.3", "other.3"]
    figure = found.of_study("mine")
    assert figure is found.figures["paper.3"]
    curves = found.curves("bits", figure)
    assert curves["x"].tolist() == [1, 2]
    assert curves["y"].tolist() == [5e3, 4e3]
    assert found.curves("bits").equals(curves)
    assert found.curves("reuse").empty
    assert found.of_study("nobody's") is None


@pytest.mark.parametrize(
    ("sections", "place"),
    [
        ({"figurs": []}, "(figurs)"),
        ({"source": ""}, "(source)"),
        ({"figures": [{**FIGURE, "metrics": []}]}, "(figures.0.metrics)"),
        ({"figures": [{**FIGURE, "log": ["x"]}]}, "(figures.0.log.0)"),
        ({"figures": [FIGURE, FIGURE]}, "(figures.1.key)"),
        (
            {"figures": [{**FIGURE, "curves": [{**CURVE, "points": [[1]]}]}]},
            "(figures.0.curves.0.points.0",
        ),
    ],
)
def test_a_mistake_has_its_place(tmp_path: Path, sections: dict[str, Any], place: str) -> None:
    with pytest.raises(DataError) as caught:
        References([write(tmp_path, **sections)])
    assert place in caught.value.where
    assert "a.yaml" in caught.value.where


def test_two_files_with_one_key_are_named(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(DataError, match="another file has the key 'paper' too") as caught:
        References([write(tmp_path, "b.yaml")])
    assert "b.yaml" in caught.value.where


def test_what_is_no_yaml_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("key: [")
    with pytest.raises(DataError, match="cannot be read") as caught:
        References([tmp_path])
    assert "a.yaml" in caught.value.where
