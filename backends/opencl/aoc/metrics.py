"""Metrics of Intel's FPGA compiler: resources of an Intel FPGA, loops and clock."""

from dse.contracts.metrics import MetricInfo

COUNTS = (
    MetricInfo(
        "alut",
        "",
        "minimise",
        "adaptive look-up tables of an Intel FPGA",
        label="ALUT",
        capacity="alut",
    ),
    MetricInfo("register", "", "minimise", "flip-flops of an Intel FPGA", capacity="register"),
    MetricInfo(
        "ram_block",
        "",
        "minimise",
        "RAM blocks of an Intel FPGA (M20K, M10K)",
        label="RAM blocks",
        capacity="ram_block",
    ),
    MetricInfo(
        "dsp_block",
        "",
        "minimise",
        "DSP blocks of an Intel FPGA",
        label="DSP blocks",
        capacity="dsp_block",
    ),
    MetricInfo(
        "mlab",
        "",
        "minimise",
        "memory logic array blocks of an Intel FPGA",
        label="MLAB",
        capacity="mlab",
    ),
)

WORST_II = MetricInfo(
    "worst_ii",
    "cycles",
    "minimise",
    "largest initiation interval of a pipelined loop",
    label="worst initiation interval",
)

KERNEL_FMAX = MetricInfo(
    "kernel_fmax_mhz",
    "MHz",
    "maximise",
    "highest clock frequency of the kernels after Quartus' fit",
    label="kernel fmax",
)

METRICS = (*COUNTS, WORST_II, KERNEL_FMAX)
