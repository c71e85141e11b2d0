"""Packages as if they were installed, with entry points and nothing else."""

from collections.abc import Mapping
from pathlib import Path


def distribution(folder: Path, name: str, **groups: Mapping[str, str]) -> None:
    """Write what `pip install --target` leaves of a package that has these entry points."""
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [
        line
        for group, entries in groups.items()
        for line in (f"[{group}]", *(f"{key} = {value}" for key, value in entries.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
