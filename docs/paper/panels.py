"""The twelve panels: which study and metrics each shows, over what."""

from dataclasses import dataclass

BITS = (8, 16, 32)


@dataclass(frozen=True)
class Panel:
    """One panel of the figure.

    Args:
        title: above it.
        study: name of the study that has our points.
        x: parameter, or ``backend.metric``.
        x_title: of the axis.
        y_title: of the axis.
        ours: metrics that are drawn, as ``backend.metric``, by label.
        theirs: labels of published curves, with the key of their figure before a slash.
        line: parameter that gets a line per value.
        log: which axes are logarithmic.
        y_factor: what values are multiplied by, such as 1e-6 from ns to ms.
        missing: what is written where there are no points of ours.
    """

    title: str
    study: str
    x: str
    x_title: str
    y_title: str
    ours: tuple[tuple[str, str], ...]
    theirs: tuple[tuple[str, str], ...] = ()
    line: str = ""
    log: tuple[str, ...] = ()
    y_factor: float = 1.0
    missing: str = ""


def _hls4ml(figure: int, network: str, study: str, scan: str, curves: bool) -> tuple[Panel, ...]:
    """Return the four panels of Fig. 3 or Fig. 4."""
    auc = (
        ("4-bits/hls4ml, Appendix A (vesal-rm/hls4ml)", "paper, hls4ml"),
        ("4-bits/float, Appendix A (vesal-rm/hls4ml)", "paper, float"),
    )
    title = f"Fig. {figure}, {network}"
    return (
        Panel(
            f"{title}: AUC",
            study,
            "total_bits",
            "total bits",
            "AUC",
            (("bittrue.auc", "ours, bittrue"), ("cpu.auc", "ours, float")),
            auc if curves else (),
        ),
        Panel(
            f"{title}: latency",
            study,
            "total_bits",
            "total bits",
            "latency / ns",
            (("open.latency_ns", "ours, open"),),
        ),
        Panel(
            f"{title}: resources",
            study,
            "total_bits",
            "total bits",
            "share of the KU115 / %",
            (("open.lut_pct", "LUT, open"), ("open.dsp_pct", "DSP, open")),
        ),
        Panel(
            f"{title}: reuse factor",
            scan,
            "reuse_factor",
            "reuse factor",
            "cycles; DSP / % of the KU115",
            (
                ("open.latency_cycles", "latency, open"),
                ("open.interval_cycles", "interval, open"),
                ("open.dsp_pct", "DSP, open"),
            ),
            log=("x", "y"),
        ),
    )


PANELS = (
    Panel(
        "Fig. 2 left: area on the Arria 10",
        "opencl_area",
        "precision_bits",
        "bits",
        "share of the device / %",
        tuple(
            (f"aoc.{name}_pct", f"ours, {name}")
            for name in ("alut", "register", "ram_block", "dsp_block", "mlab")
        ),
        tuple(
            (f"2-left/Arria 10, {name} (Heintz et al. 2020)", f"paper, {name}")
            for name in ("ALUT", "FF", "RAM", "DSP", "MLAB")
        ),
        log=("x",),
        missing="ours needs aoc",
    ),
    Panel(
        "Fig. 2 centre: latency by momentum cut",
        "pt_cut",
        "pt_min_gev",
        "pT cut / GeV",
        "latency / ms",
        (("opencl.latency_ns", "ours"),),
        tuple(
            (f"2-centre/Arria 10, {bits} bit, total (Heintz et al. 2020)", f"paper, {bits} bit")
            for bits in BITS
        ),
        line="precision_bits",
        log=("y",),
        y_factor=1e-6,
    ),
    Panel(
        "Fig. 2 right: latency by size",
        "event_size",
        "opencl.batch_edges",
        "edges",
        "latency / ms",
        (("opencl.latency_ns", "ours"),),
        tuple(
            (
                f"2-right/Arria 10, {bits} bit, by edges at each cut (Heintz et al. 2020)",
                f"paper, {bits} bit",
            )
            for bits in BITS
        ),
        line="precision_bits",
        log=("x", "y"),
        y_factor=1e-6,
    ),
    Panel(
        "Graphs: size by momentum cut",
        "pt_cut",
        "pt_min_gev",
        "pT cut / GeV",
        "per event",
        (("opencl.batch_nodes", "nodes, ours"), ("opencl.batch_edges", "edges, ours")),
        (("sizes/nodes", "nodes, paper"), ("sizes/edges", "edges, paper")),
        log=("y",),
    ),
    *_hls4ml(3, "Fig. 1 network", "bitwidth", "reuse_factor", curves=False),
    *_hls4ml(4, "Appendix A", "bitwidth_alt", "reuse_factor_alt", curves=True),
)
