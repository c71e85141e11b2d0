"""Statements about the project that stand in several files agree."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

from ruamel.yaml import YAML

import dse

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHONS = [f"3.{minor}" for minor in (11, 12, 13)]


def text(name: str) -> str:
    return (ROOT / name).read_text()


def test_there_is_one_version() -> None:
    assert version(PROJECT["name"]) == dse.__version__
    assert YAML(typ="safe").load(text("CITATION.cff"))["version"] == dse.__version__


def test_the_supported_pythons_agree() -> None:
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
    classifiers = re.findall(r"Python :: (3\.\d+)", " ".join(PROJECT["classifiers"]))
    assert classifiers == PYTHONS
    for name, pattern in (
        ("Makefile", r"^SUPPORTED := (.*)$"),
        (".ci/make_venv", r'^supported="(.*)"$'),
    ):
        (found,) = re.findall(pattern, text(name), re.MULTILINE)
        assert sorted(found.split()) == PYTHONS
    assert "3.11, 3.12 or 3.13" in text("README.md")


def test_the_readme_names_every_extra() -> None:
    table = re.findall(r"^\| `(\w+)` \| .* \| .* \|$", text("README.md"), re.MULTILINE)
    assert set(PROJECT["optional-dependencies"]) - {"all"} <= set(table)


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"`make ([\w-]+)`", text("CONTRIBUTING.md")))
    assert targets
    for target in targets:
        assert re.search(rf"^{target}:", text("Makefile"), re.MULTILINE)


def test_the_licence_is_the_one_that_is_named() -> None:
    own = YAML(typ="safe").load(text("CITATION.cff"))["license"]
    assert PROJECT["license"] == f"{own} AND MIT", "that of the bundled part of plotly.js too"
    assert "MIT License" in text("NOTICE")
    assert "Apache License" in text("LICENSE")
    assert "END OF TERMS AND CONDITIONS" in text("LICENSE")


def test_the_changelog_collects_what_is_not_released() -> None:
    assert "\n## [Unreleased]\n" in text("CHANGELOG.md")
