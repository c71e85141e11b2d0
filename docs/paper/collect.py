"""Collect the page's numbers from a results database."""

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd

from dse.analysis.points import Points
from dse.analysis.reference_models import Reference
from dse.analysis.references import References
from dse.contracts.errors import UsageError
from dse.contracts.registry import reference_folders
from dse.store.queries import Results
from paper.panels import PANELS, Panel

KEY = "heintz2020"
_DIGITS = 5


def collect(database: str) -> dict[str, Any]:
    """Return panels and findings, as `numbers.json` holds them."""
    results = Results(database)
    run = {study.name for study in results.studies()}
    paper = References(reference_folders()).all[KEY]
    points = {panel.study: Points(results, panel.study) for panel in PANELS if panel.study in run}
    panels = [_panel(panel, points.get(panel.study), paper) for panel in PANELS]
    order = [claim.key for claim in paper.claims]
    findings = sorted(_findings(database), key=lambda one: order.index(one["claim"]))
    return {"panels": panels, "findings": findings}


def _findings(database: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "dse.cli.main", "compare", "--all", "--json"]
    done = subprocess.run([*command, "--db", database], capture_output=True, text=True, check=False)
    kept = ("claim", "text", "source", "study", "backend", "fidelity", "verdict", "verdict_text")
    kept += ("published", "measured", "test", "note")
    found = json.loads(done.stdout)
    return [{key: row[key] for key in kept} for row in found if row["reference"] == KEY]


def _panel(panel: Panel, points: Points | None, paper: Reference) -> dict[str, Any]:
    series = [_theirs(paper, key, label, panel.y_factor) for key, label in panel.theirs]
    if points is not None:
        for name, label in panel.ours:
            series += _ours(panel, points, name, label)
    missing = panel.missing or f"ours: dse run {panel.study}"
    has_ours = any(one["kind"] == "ours" for one in series)
    return {
        "title": panel.title,
        "study": panel.study,
        "x": panel.x_title,
        "y": panel.y_title,
        "log": list(panel.log),
        "missing": "" if has_ours else missing,
        "series": series,
    }


def _theirs(paper: Reference, key: str, label: str, factor: float) -> dict[str, Any]:
    figure, _, curve_label = key.partition("/")
    shown = paper.figure(figure)
    curve = shown.curve(curve_label) if shown else None
    if curve is None:
        raise SystemExit(f"{KEY} has no curve {key}")
    points = [[x, _rounded(y * factor)] for x, y in curve.points]
    return {"label": label, "kind": "paper", "points": points}


def _ours(panel: Panel, points: Points, name: str, label: str) -> list[dict[str, Any]]:
    try:
        column = points.column(name)
        x = _x(panel, points)
    except UsageError:  # nothing evaluated yet
        return []
    frame = pd.DataFrame({"x": x, "y": points.numbers(column)["value"] * panel.y_factor})
    frame["line"] = points.parameters[panel.line] if panel.line else ""
    made = []
    for line, group in frame.dropna().sort_values("x").groupby("line", sort=True):
        text = f"{label}, {line} bit" if panel.line else label
        rows = [[_rounded(a), _rounded(b)] for a, b in group[["x", "y"]].to_numpy().tolist()]
        made.append({"label": text, "kind": "ours", "points": rows})
    return made


def _x(panel: Panel, points: Points) -> "pd.Series[float]":
    if panel.x in points.parameters:
        return points.parameters[panel.x].astype(float)
    return points.numbers(points.column(panel.x))["value"]


def _rounded(value: float) -> float:
    return float(np.format_float_positional(value, _DIGITS, unique=False, fractional=False))
