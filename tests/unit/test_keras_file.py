"""What a Keras file says of its Lambda layers."""

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from dse.runtime.keras_file import lambda_layers, load_hint, load_problem

INNER = {"class_name": "Lambda", "config": {"name": "inside"}}
CONFIG = {
    "class_name": "Functional",
    "config": {
        "layers": [
            {"class_name": "Dense", "config": {"name": "d"}},
            {"class_name": "Lambda", "config": {"name": "twice"}},
            {"class_name": "Sequential", "config": {"layers": [INNER]}},
        ]
    },
}


def test_lambda_layers_are_found_at_any_depth(tmp_path: Path) -> None:
    file = tmp_path / "m.keras"
    with ZipFile(file, "w") as archive:
        archive.writestr("config.json", json.dumps(CONFIG))
    assert lambda_layers(file) == ["twice", "inside"]
    assert "'twice', 'inside'" in load_hint(file)


def test_packages_whose_classes_keras_does_not_know_are_named(tmp_path: Path) -> None:
    file = tmp_path / "m.keras"
    layer = {"module": "qkeras.qlayers", "class_name": "QDense", "config": {"name": "d"}}
    plain = {"module": "keras.layers", "class_name": "Dense", "config": {"name": "e"}}
    with ZipFile(file, "w") as archive:
        archive.writestr("config.json", json.dumps({"config": {"layers": [plain, layer]}}))
    assert "set workload.custom_modules: [qkeras]" in load_hint(file)


def test_the_configuration_is_left_out_of_what_keras_says() -> None:
    said = (
        "<class 'Functional'> could not be deserialized properly.\n\nconfig={'a': 1}.\n\n"
        "Exception encountered: Could not locate class 'QDense'. Full object config: {'b': 2}"
    )
    assert load_problem(TypeError(said)) == "Could not locate class 'QDense'."
    assert load_problem(ValueError("not a file")) == "not a file"
    assert load_problem(ValueError()) == "ValueError"


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK"])
def test_a_file_that_cannot_be_read_says_nothing(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "m.keras"
    file.write_bytes(content)
    assert load_hint(file) == ""
    assert load_hint(tmp_path / "missing.keras") == ""
