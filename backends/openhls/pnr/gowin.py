"""Gowin LittleBee (GW1N), Arora (GW2A) and Arora V (GW5A).

The open database has no delays of their DSP blocks and the way into and out of them, so a clock
with them would leave the longest paths out: multipliers, and tables too, are logic here.
"""

import re

from backends.modelgraph.rtl.pipeline import Pipeline
from backends.openhls.pnr.area import by_area
from backends.openhls.pnr.family import Family, Model, scalars

_DIES = {
    ("gw1n", "1"): "GW1N-1",
    ("gw1n", "4"): "GW1N-4",
    ("gw1n", "9"): "GW1N-9C",
    ("gw1nr", "9"): "GW1N-9C",
    ("gw2a", "18"): "GW2A-18",
    ("gw2ar", "18"): "GW2A-18C",
    ("gw5a", "25"): "GW5A-25A",
}
"""By series and size: the die as Apicula calls it."""

_DEVICES = "|".join(f"{series}-[lu]v{size}" for series, size in _DIES)


def _arguments(code: re.Match[str]) -> tuple[str, ...]:
    series, size = re.fullmatch(r"(\w+)-[lu]v(\d+)", code["device"]).groups()  # type: ignore[union-attr]
    return "--device", code.string.upper(), "--vopt", f"family={_DIES[series, size]}"


_FLIP_FLOPS = {
    f"DFF{kind}": Model(scalars(f"CLK D {ports}"), scalars("Q"))
    for kind, ports in {
        "": "",
        "E": "CE",
        "R": "RESET",
        "RE": "RESET CE",
        "S": "SET",
        "SE": "SET CE",
    }.items()
}

_MODELS = {
    **{
        f"LUT{n}": Model(scalars(" ".join(f"I{i}" for i in range(n))), scalars("F"), ("INIT",))
        for n in range(1, 5)
    },
    **{f"MUX2_LUT{n}": Model(scalars("I0 I1 S0"), scalars("O")) for n in range(5, 9)},
    "ALU": Model(
        scalars("I0 I1 I2 I3 CIN"), scalars("SUM COUT"), ("ALU_MODE", "RAW_ALU_LUT"), ("I2",)
    ),
    **_FLIP_FLOPS,
    "GOWIN_GND": Model({}, scalars("G")),
    "GOWIN_VCC": Model({}, scalars("V")),
    "GSR": Model({}, {}),
    "PINCFG": Model({}, {}),
}

_TABLES = {"LUT1": 1, "LUT2": 1, "LUT3": 1, "LUT4": 1, "ALU": 1}

GOWIN = Family(
    name="gowin",
    program="himbaechel-gowin",
    title="Gowin",
    # what multiplies becomes adders first: newer versions of Yosys would take DSP blocks
    synthesis="hierarchy -top {top}; proc; flatten; opt; wreduce; alumacc; maccmap; "
    + by_area("synth_gowin -top {top} -noiopads -nobram -nolutram", "4:8"),
    cells={"lut4": _TABLES, "ff": dict.fromkeys(_FLIP_FLOPS, 1)},
    bels={"lut4": {"LUT4": 1, "ALU": 1}, "ff": {"DFF": 1}},
    codes=rf"(?P<device>{_DEVICES})[a-z]+\d+[a-z]*?(c\d/i\d|a[46]|es)",
    arguments=_arguments,
    example="GW1NR-LV9QN88PC6/I5",
    speed=r"--device (GW\d+A?)",
    pipeline=Pipeline(multiplier=(18, 18)),
    models=_MODELS,
)
