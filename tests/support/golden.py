"""Golden files: what every adapter gave at its version, compared and written anew.

python tests/support/golden.py            # all backends whose version was raised
python tests/support/golden.py bittrue    # one
"""

import json
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

from golden_designs import designs
from golden_results import RECORDINGS, Recording, Result

from dse.contracts.backend import Backend

FOLDER = Path(__file__).parents[1] / "golden"
COMMAND = "python tests/support/golden.py"
_RELATIVE, _ABSOLUTE = 1e-4, 1e-6
"""Tolerance of floating-point numbers; digests and counts must be equal."""


class UnraisedVersionError(Exception):
    """Results have changed at an unchanged version."""


def path_of(backend: type[Backend]) -> Path:
    return FOLDER / f"{backend.name}.json"


def stored(backend: type[Backend]) -> dict[str, Any]:
    """Content of a golden file; empty where there is none."""
    path = path_of(backend)
    found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return found


def differences(golden: Any, found: Any, where: str = "") -> list[str]:
    """Paths at which two results differ, with both values."""
    if isinstance(golden, dict) and isinstance(found, dict):
        names = [*golden, *(name for name in found if name not in golden)]
        return [
            text
            for name in names
            for text in differences(golden.get(name), found.get(name), f"{where}/{name}")
        ]
    if isinstance(golden, list) and isinstance(found, list) and len(golden) == len(found):
        pairs = enumerate(zip(golden, found, strict=True))
        return [text for i, (a, b) in pairs for text in differences(a, b, f"{where}/{i}")]
    return [] if _same(golden, found) else [f"{where}: {golden!r} became {found!r}"]


def _same(golden: Any, found: Any) -> bool:
    if isinstance(golden, float) and isinstance(found, float):
        return math.isclose(golden, found, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
    return type(golden) is type(found) and golden == found


def record(recording: Recording, design: str) -> Result:
    """A design's result in a folder of its own; as JSON gives it back."""
    with tempfile.TemporaryDirectory() as folder:
        found = recording.record(designs()[design], Path(folder))
    result: Result = json.loads(json.dumps(found))
    return result


def complaint(recording: Recording, design: str, found: Result) -> str:
    """What is wrong with a design's result, and what to do; empty for nothing."""
    backend = recording.backend
    golden = stored(backend)
    if not golden:
        return f"{backend.name} has no golden file; write it with: {COMMAND} {backend.name}"
    if golden["version"] != backend.version:
        return (
            f"{path_of(backend).name} holds version {golden['version']}, the adapter is at "
            f"{backend.version}; write it anew with: {COMMAND} {backend.name}"
        )
    expected = golden.get(recording.section, {}).get(design, {})
    if changed := differences(expected, found):
        listed = "\n  ".join(changed)
        return (
            f"'{backend.name}' gives other results at version {backend.version}, so stored "
            f"evaluations would be shared with new ones that differ:\n  {listed}\n"
            f"If this is meant, raise `version` of {backend.__name__} and run: "
            f"{COMMAND} {backend.name}"
        )
    return ""


def tool_of(backend: type[Backend]) -> str:
    """Names and versions of the tools that the designs use, which are not placed or routed."""
    adapter = backend()
    defaults = {parameter.name: parameter.default for parameter in adapter.parameters}
    return adapter.tools_used(adapter.probe().tool, defaults)


def tools(recording: Recording, design: str, found: Result) -> tuple[str, str]:
    """The tools of a design's golden result, and those of the one found."""
    golden = stored(recording.backend)
    if "tool" in found:  # of one tool, which the section names
        return golden.get(recording.section, {}).get(design, {}).get("tool", ""), found["tool"]
    return golden.get("tool", ""), tool_of(recording.backend)


def regenerate(backend: type[Backend]) -> None:
    """Write a backend's golden file.

    Raises:
        UnraisedVersionError: a result has changed since, and the version has not.
    """
    golden = stored(backend)
    content: dict[str, Any] = {"backend": backend.name, "version": backend.version}
    for recording in [r for r in RECORDINGS if r.backend is backend]:
        content[recording.section] = {name: record(recording, name) for name in recording.designs}
    if golden.get("version") == backend.version:
        _refuse_changes(backend, golden, content)
    content["tool"] = tool_of(backend)
    FOLDER.mkdir(exist_ok=True)
    path_of(backend).write_text(json.dumps(content, indent=1) + "\n")


def _refuse_changes(
    backend: type[Backend], golden: dict[str, Any], content: dict[str, Any]
) -> None:
    """New designs may be added at a version; what is there must stay."""
    changed = [
        text
        for section, results in golden.items()
        if isinstance(results, dict)
        for design, result in results.items()
        if design in content.get(section, {})
        for text in differences(result, content[section][design], f"/{section}/{design}")
    ]
    if changed:
        raise UnraisedVersionError(
            f"'{backend.name}' is still at version {backend.version}, but:\n  "
            + "\n  ".join(changed)
            + f"\nRaise `version` of {backend.__name__} first."
        )


def main(names: list[str]) -> None:
    backends = {recording.backend.name: recording.backend for recording in RECORDINGS}
    for name, backend in backends.items():
        if name in names or (not names and stored(backend).get("version") != backend.version):
            print(f"recording {name} at version {backend.version}")
            regenerate(backend)


if __name__ == "__main__":
    main(sys.argv[1:])
