"""Pictures of docs/how-to/search.md, from the database of studies/codesign.yaml.

Usage: python docs/pictures/make.py results.db; needs Debian's chromium.
"""

import math
import subprocess
import sys
import tempfile
from pathlib import Path

import plotly.graph_objects as go

import dse

HERE = Path(__file__).parent
BASELINE_LUT, BASELINE_AUC = 256_000, 0.9917
"""<16,6> at reuse factor 8, the network of Fig. 1, by `open` and `bittrue`."""


def codesign(database: str) -> go.Figure:
    """AUC against LUTs of the circuits that were built."""
    frame = dse.load(database, study="codesign")
    built = frame[frame.open_lut.notna()].sort_values("bittrue_auc")
    figure = go.Figure()
    for passes, name, colour in ((1, "one pass", "#0072B2"), (2, "two passes", "#D55E00")):
        some = built[built.passes == passes]
        figure.add_scatter(
            x=some.open_lut, y=some.bittrue_auc, mode="markers+text", name=name,
            text=[f" {latency / 1000:.1f} µs " for latency in some.open_latency_ns],
            textposition=["middle right" if n % 2 else "middle left" for n in range(len(some))],
            marker={"size": 11, "color": colour},
        )  # fmt: skip
    figure.add_scatter(
        x=[BASELINE_LUT], y=[BASELINE_AUC], mode="markers+text", name="<16,6>, reuse factor 8",
        text=["0.5 µs"], textposition="bottom center",
        marker={"size": 12, "symbol": "x", "color": "#000000"},
    )  # fmt: skip
    figure.add_vline(x=BASELINE_LUT / 10, line_dash="dot")
    figure.add_annotation(
        x=math.log10(BASELINE_LUT / 10), y=0.05, yref="paper", xanchor="left", showarrow=False,
        text=" a tenth of its LUTs",
    )  # fmt: skip
    figure.update_xaxes(
        title="LUTs (open, KU115 counted by Yosys)", type="log", range=[3.6, 5.6], dtick="D2"
    )
    figure.update_yaxes(title="AUC (bittrue)")
    figure.update_layout(
        template="plotly_white", width=860, height=460, margin={"t": 30, "r": 20},
        legend={"orientation": "h", "y": 1.08},
    )  # fmt: skip
    return figure


def write_png(figure: go.Figure, file: Path) -> None:
    """By Chromium, as it looks in a browser."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        figure.write_html(page, include_plotlyjs=True, config={"displayModeBar": False})
        options = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                   f"--user-data-dir={folder}", "--virtual-time-budget=8000",
                   "--window-size=880,480", f"--screenshot={file}")  # fmt: skip
        subprocess.run(["chromium", *options, page.as_uri()], check=True, capture_output=True)


if __name__ == "__main__":
    write_png(codesign(sys.argv[1]), HERE / "codesign.png")
