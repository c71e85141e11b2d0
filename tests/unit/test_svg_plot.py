"""Drawings of panels."""

import re

from dse.cli.svg_plot import figure


def test_labels_of_ticks_end_within_the_panel() -> None:
    points = [(3_000.0, 0.2), (90_000.0, 0.9)]
    series = [{"label": "all", "kind": "ours", "points": points}]
    panel = {"title": "t", "x": "LUT", "y": "AUC", "log": ["x"], "missing": "", "series": series}
    labels = re.findall(
        r"<text x='([\d.]+)' y='207' text-anchor='middle'>([\d,]+)<", figure([panel])
    )
    assert [text for _, text in labels][-1] == "100,000"
    assert all(float(x) + 3 * len(text) <= 340 for x, text in labels)
