"""Whether C synthesis of a network will end with a report, by published attempts.

The attempts: 2,267 single dense layers of Vivado HLS 2020.1, of which 1,448 failed
(Dendendelen/wa-hls4ml-search @8e70542). Of other versions no failures are published: Vitis HLS
2021.1 has built a layer of 11,220 weights at reuse factor 1.
"""

import re
from collections.abc import Iterable
from typing import Any

from backends.modelgraph.names import own_name_of
from backends.modelgraph.network import Network
from backends.modelgraph.reuse_factor import legal_reuse_factor
from backends.modelgraph.settings import Settings
from dse.contracts.backend import Verdict

TOO_MANY, UNSURE = 4096, 3072
"""Weights of a layer from which on no attempt, and from which on not every attempt, succeeded."""

TOOL = "Vivado HLS 2020.1"
_NAMED = re.compile(r"\bVivado HLS (\S+)")

_ANY = Verdict(builds=True, reason="")


def applies_to(tool: str) -> bool:
    """Return whether the attempts are of the tool that is named, or of one that is not here yet."""
    named = _NAMED.search(tool)
    return named is None or named.group(1).rstrip(",") == TOOL.rpartition(" ")[2]


def layer_verdict(weights: int, reuse: int, strategy: str) -> Verdict:
    """Return whether Vivado HLS 2020.1 builds a dense layer.

    Args:
        weights: n_in n_out.
        reuse: reuse factor.
        strategy: hls4ml's, ``latency`` or ``resource``.
    """
    if strategy == "resource" and reuse > 1:
        return _ANY  # 731 of 755; the 24 others follow no rule
    how = f"{strategy} strategy" + (" at reuse factor 1" if strategy == "resource" else "")
    if weights >= TOO_MANY:
        tries = 350 if strategy == "resource" else 1050
        return Verdict(
            builds=False,
            reason=f"{TOOL} failed in {tries:,} of {tries:,} published attempts with the {how} "
            f"and {TOO_MANY:,} weights or more; here are {weights:,}",
        )
    if weights >= UNSURE and strategy == "latency":
        return Verdict(
            builds=None,
            reason=f"{TOOL} failed in 24 of 42 published attempts with the {how} and {UNSURE:,} "
            f"weights; here are {weights:,}",
        )
    return _ANY


def network_verdict(network: Network, settings: Settings) -> Verdict:
    """Return the verdict of the worst dense layer, which its reason names."""
    dense = [layer for layer in network.layers if layer["class_name"] == "Dense"]
    return _worst(_named(layer, settings) for layer in dense)


def _named(layer: dict[str, Any], settings: Settings) -> Verdict:
    weights = int(layer["n_in"]) * int(layer["n_out"])
    own = settings.of_layer(own_name_of(layer))
    found = layer_verdict(weights, legal_reuse_factor(layer, own), own.strategy)
    return Verdict(
        builds=found.builds, reason=found.reason and f"layer '{layer['name']}': {found.reason}"
    )


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    order = {False: 0, None: 1, True: 2}
    return min(verdicts, key=lambda each: order[each.builds], default=_ANY)
