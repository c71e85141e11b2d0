"""What the flow has to know about an FPGA family that nextpnr places and routes."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from backends.modelgraph.rtl.pipeline import Pipeline
from backends.openhls.pnr.pack import Block, FlipFlop

Kinds = Mapping[str, Mapping[str, float]]
"""By metric: what each kind of cell takes of it."""


@dataclass(frozen=True)
class Model:
    """Interface of the model that simulates a cell; the models are in ``models/FAMILY.v``.

    Args:
        inputs: width of each input; 0 for one that is no bus.
        outputs: width of each output.
        parameters: parameters that the model has.
        high: inputs that are 1 where nothing is connected; the others are 0.
    """

    inputs: Mapping[str, int]
    outputs: Mapping[str, int]
    parameters: Sequence[str] = ()
    high: Sequence[str] = ()


def scalars(names: str) -> dict[str, int]:
    """Return ports that are no buses, from their names with spaces between."""
    return dict.fromkeys(names.split(), 0)


@dataclass(frozen=True)
class Family:
    """A family of FPGAs.

    Args:
        name: of the family; models of its cells are in ``models/NAME.v``.
        program: what follows ``nextpnr-`` in the name of its program.
        title: vendor and family.
        synthesis: commands of Yosys that map the design ``{top}`` to the family.
        cells: what the cells that Yosys writes take of each resource, before packing.
        bels: what the cells of nextpnr's report take, after packing.
        codes: regular expression of the ordering codes, in lower case.
        arguments: options of nextpnr for a matching code.
        example: an ordering code, for messages.
        speed: regular expression of the speed grade in the options of nextpnr.
        pipeline: its multipliers; `timing.pipeline` adds where a clock wants registers.
        models: models of the cells that nextpnr writes, by kind.
        block: its DSP block, whose registers are packed; None where circuits use none.
        flip_flop: the flip-flop that can be packed.
        mapping: file beside the models that its commands of Yosys read.
        open_ports: whether nextpnr takes ports without pins; else they are taken away before.
        constants: cells that drive ``"0"`` and ``"1"``, where nextpnr knows no values.
        carry: port of a carry chain's cell that stays open where it is constant.
    """

    name: str
    program: str
    title: str
    synthesis: str
    cells: Kinds
    bels: Kinds
    codes: str
    arguments: Callable[[re.Match[str]], tuple[str, ...]]
    example: str
    speed: str
    pipeline: Pipeline
    models: Mapping[str, Model]
    block: Block | None = None
    flip_flop: FlipFlop | None = None
    mapping: str = ""
    open_ports: bool = False
    constants: Mapping[str, str] = field(default_factory=dict)
    carry: str = ""


@dataclass(frozen=True)
class Target:
    """A device with its speed grade and package.

    Args:
        family: its family.
        part: ordering code as the study names it.
        arguments: options of nextpnr that name device, speed grade and package.
    """

    family: Family
    part: str
    arguments: tuple[str, ...]

    @property
    def speed(self) -> str:
        """Speed grade, as `delays.csv` names it."""
        found = re.search(self.family.speed, " ".join(self.arguments))
        assert found is not None  # noqa: S101  (every option has one: tests/unit/test_parts.py)
        return found.group(1)


def taken(kinds: Kinds, found: Mapping[str, int]) -> dict[str, int]:
    """Return what cells take of each resource, rounded up.

    Args:
        kinds: `Family.cells` or `Family.bels`.
        found: number of cells by kind.
    """
    return {
        metric: _whole(found.get(k, 0) * n for k, n in of.items()) for metric, of in kinds.items()
    }


def _whole(shares: Iterable[float]) -> int:
    return -int(-sum(shares) // 1)
