"""Lattice CrossLink-NX, the Nexus family whose database comes with nextpnr."""

import re

from backends.modelgraph.rtl.pipeline import Pipeline
from backends.openhls.pnr.area import by_area
from backends.openhls.pnr.family import Family, Model, scalars
from backends.openhls.pnr.pack import Block, FlipFlop

_DEFAULTS = {"17": "7BG256C", "40": "7BG400C"}
"""What a code leaves out: the slowest grade, and a package."""


def _arguments(code: re.Match[str]) -> tuple[str, ...]:
    rest = (code["rest"] or _DEFAULTS[code["size"]]).upper()
    return "--device", f"LIFCL-{code['size']}-{rest}"


MULT18X18 = Block(
    kinds=("MULT18X18", "MULT9X9"),
    operands=("A", "B"),
    product="Z",
    registers={
        "A": {"REGINPUTA": "REGISTER"},
        "B": {"REGINPUTB": "REGISTER"},
        "Z": {"REGOUTPUT": "REGISTER"},
    },
    fixed={"CEA": "1", "CEB": "1", "CEOUT": "1", "RSTA": "0", "RSTB": "0", "RSTOUT": "0"},
    clock="CLK",
)

_MODELS = {
    "OXIDE_COMB": Model(
        scalars("A B C D SEL F1 FCI"),
        scalars("F FCO OFX"),
        ("MODE", "INIT", "INJECT"),
        ("A", "B", "C", "D"),
    ),
    "OXIDE_FF": Model(
        scalars("CLK LSR CE DI M"),
        scalars("Q"),
        ("CEMUX", "CLKMUX", "LSRMUX", "REGSET", "SRMODE", "SEL"),
        ("CE",),
    ),
    # a multiplier's registers of B, its halves with the registers of A, their product, its register
    "PREADD9_CORE": Model(
        {"B": 9, **scalars("BSIGNED CLK CEB RSTB")},
        {"BR": 9, "BRSIGNED": 0},
        ("REGBYPSBR0",),
        ("CEB",),
    ),
    "MULT9_CORE": Model(
        {"A": 9, "BR": 9, **scalars("ASIGNED BRSIGNED CLK CEA RSTA")},
        {"AO": 9, "BO": 9, "P18": 20, **scalars("AOSIGNED BOSIGNED")},
        ("REGBYPSA1",),
        ("CEA",),
    ),
    "MULT18_CORE": Model(
        {"ARL": 9, "ARH": 9, "BRL": 9, "BRH": 9, **scalars("ARHSIGN BRHSIGN")}, {"P36": 38}
    ),
    "REG18_CORE": Model({"PM": 18, **scalars("CLK CEP RSTP")}, {"PP": 18}, ("REGBYPS",), ("CEP",)),
    "VCC_DRV": Model({}, scalars("Z")),
}

NEXUS = Family(
    name="nexus",
    program="nexus",
    title="Lattice CrossLink-NX",
    synthesis="hierarchy -top {top}; proc; flatten; opt; wreduce; peepopt; opt_clean; "
    "techmap -map nexus_map.v; "
    + by_area("synth_nexus -top {top} -noiopad -nobram -nolutram", "4:5"),
    mapping="nexus_map.v",
    cells={
        "lut4": {"LUT4": 1, "CCU2": 2, "WIDEFN9": 2, "INV": 1},
        "ff": {"FD1P3IX": 1, "FD1P3JX": 1},
        "dsp": {"MULT18X18": 1, "MULT9X9": 0.5},
    },
    bels={"lut4": {"OXIDE_COMB": 1}, "ff": {"OXIDE_FF": 1}, "dsp": {"MULT9_CORE": 0.5}},
    codes=r"lifcl-(?P<size>17|40)(-(?P<rest>[789][a-z]+\d+[a-z]?))?",
    arguments=_arguments,
    example="LIFCL-40-9BG400C",
    speed=r"LIFCL-\d+-(\d)",
    pipeline=Pipeline(multiplier=(18, 18)),
    models=_MODELS,
    block=MULT18X18,
    flip_flop=FlipFlop("FD1P3IX", "D", "CK", {"SP": "1", "CD": None}),
    constants={"0": "VLO", "1": "VHI"},
    carry="CIN",
)
