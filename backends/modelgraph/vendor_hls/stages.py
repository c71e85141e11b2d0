"""What is left of a C synthesis report after logic synthesis and after routing.

C synthesis overestimates look-up tables and flip-flops: it adds up operators, and what is merged or
trimmed later is not known yet. Few designs are published at two stages, and so the intervals are
wide: those that a t distribution gives for the next design. Cycles are those of the RTL.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean, stdev

from backends.modelgraph.vendor_hls.predicted import Answer, Answers, Predicted, Unknown

CSYNTH, VSYNTH, ROUTED = "csynth", "vsynth", "routed"

STAGES = (CSYNTH, VSYNTH, ROUTED)
"""Values of the parameter ``predicted_stage``."""

T_95 = {3: 2.353, 4: 2.132, 7: 1.895}
"""95 % quantiles of the t distribution by degrees of freedom: 90 % between both sides."""


@dataclass(frozen=True)
class Pairs:
    """Designs that are known at two stages.

    Args:
        ratios: count of the later stage to that of C synthesis, one each design.
        source: where they come from.
    """

    ratios: tuple[float, ...]
    source: str

    @property
    def ratio(self) -> float:
        """Geometric mean."""
        return math.exp(fmean(map(math.log, self.ratios)))

    @property
    def spread(self) -> float:
        """Half the 90 % interval of the next design, as a natural logarithm."""
        n = len(self.ratios)
        return T_95[n - 1] * stdev(map(math.log, self.ratios)) * math.sqrt(1 + 1 / n)


_REPORTS = (
    "reports of Vivado HLS 2018.2, 2019.2, 2020.1 and Vitis HLS 2024.1 with their logic synthesis "
    "(Keb-L/hls4ml-data, RishThakkar/PokerML @372eba8, fastmachinelearning/hls4ml @ef92ebd, "
    "pominiq/DNNonSilicon @9672f92, seanlipps/ECE226_CoDesign)"
)
_JETS = (
    "jet taggers with batch normalisation, Vivado 2019.1, xcvu13p (uw-acme/HLS4ML_VS_MANUAL "
    "@6478cf0); their C synthesis is predicted, not published"
)

PAIRS: Mapping[tuple[str, str], Pairs] = {
    (VSYNTH, "lut"): Pairs((0.577, 0.358, 0.603, 0.863, 0.477), _REPORTS),
    (VSYNTH, "ff"): Pairs((0.662, 0.660, 0.305, 0.452, 0.683), _REPORTS),
    # one design took all 220 slices and 280 block RAMs of its part, and says nothing of these
    (VSYNTH, "dsp"): Pairs((1.0, 0.813, 0.904, 1.0), _REPORTS),
    # 4, 7, … 25 bits
    (ROUTED, "lut"): Pairs((0.414, 0.548, 0.557, 0.551, 0.555, 0.598, 0.602, 0.639), _JETS),
    # 13, 16, … 25 bits; below, C synthesis takes none
    (ROUTED, "dsp"): Pairs((0.946, 0.979, 0.992, 0.998, 0.995), _JETS),
}
"""By stage and quantity."""


def at_stage(answers: Answers, stage: str) -> Answers:
    """Return what is predicted after logic synthesis or routing, from what is of C synthesis."""
    if stage == CSYNTH:
        return answers
    return {name: _later(name, answer, stage) for name, answer in answers.items()}


def _later(name: str, answer: Answer, stage: str) -> Answer:
    if isinstance(answer, Unknown) or name.endswith("_cycles"):
        return answer
    pairs = PAIRS.get((stage, name))
    if pairs is None:
        if answer.high == 0:
            return answer  # none stays none
        return Unknown(f"no designs are published with {name} of C synthesis and {stage}")
    low, high = pairs.ratio * math.exp(-pairs.spread), pairs.ratio * math.exp(pairs.spread)
    few = f"{stage} from {len(pairs.ratios)} designs"
    return Predicted(
        answer.value * pairs.ratio,
        answer.low * low,
        answer.high * high,
        (*answer.extrapolated, few),
    )
