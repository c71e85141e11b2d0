"""Views that look like the figures of arXiv:2012.01563 (Heintz et al. 2020)."""

from dataclasses import dataclass

from dse.analysis.points import Points


@dataclass(frozen=True)
class Preset:
    """One figure, or one panel of it.

    Args:
        key: in addresses.
        title: what it shows.
        studies: shipped studies that reproduce it.
        x: parameter on the horizontal axis.
        metrics: a panel each, from every backend that has them.
        line: parameter with a line per value.
        panel: parameter with a panel per value.
        log: axes that are logarithmic.
    """

    key: str
    title: str
    studies: tuple[str, ...]
    x: str
    metrics: tuple[str, ...]
    line: str = ""
    panel: str = ""
    log: tuple[str, ...] = ()


_RESOURCES = ("auc", "latency_ns", "lut_pct", "dsp_pct")

PRESETS = {
    preset.key: preset
    for preset in (
        Preset(
            "2-left",
            "Fig. 2 left: latency against the momentum cut",
            ("pt_cut",),
            "pt_min_gev",
            ("latency_ns",),
            "precision_bits",
            log=("log_y",),
        ),
        Preset(
            "2-centre",
            "Fig. 2 centre: kernels alone against the momentum cut",
            ("pt_cut",),
            "pt_min_gev",
            ("kernel_ns",),
            "precision_bits",
            log=("log_y",),
        ),
        Preset(
            "2-right",
            "Fig. 2 right: latency against the size of a graph",
            ("event_size",),
            "opencl.batch_edges",
            ("latency_ns",),
            "precision_bits",
            log=("log_x", "log_y"),
        ),
        Preset(
            "3-bits",
            "Fig. 3: AUC, latency and resources against total bits",
            ("bitwidth", "bitwidth_vitis"),
            "total_bits",
            _RESOURCES,
        ),
        Preset(
            "3-reuse",
            "Fig. 3: latency and resources against the reuse factor",
            ("reuse_factor", "reuse_factor_vitis"),
            "reuse_factor",
            ("latency_ns", "interval_cycles", "lut_pct", "dsp_pct"),
            log=("log_x",),
        ),
        Preset(
            "4-bits",
            "Fig. 4: the network of Appendix A against total bits",
            ("bitwidth_alt",),
            "total_bits",
            _RESOURCES,
        ),
        Preset(
            "4-reuse",
            "Fig. 4: the network of Appendix A against the reuse factor",
            ("reuse_factor_alt",),
            "reuse_factor",
            ("latency_ns", "interval_cycles", "lut_pct", "dsp_pct"),
            log=("log_x",),
        ),
        Preset(
            "ptq-qat",
            "AUC against bits, rounded after training and trained with few bits",
            ("qat_bitwidth",),
            "weight_bits",
            ("auc",),
            "training",
            "network",
        ),
    )
}


def fitting(study: str, table: Points) -> Preset | None:
    """The preset a study was made for."""
    for preset in PRESETS.values():
        if study in preset.studies and (preset.x in table.parameters or "." in preset.x):
            return preset
    return None
