"""Write the study of `dse init --model`: a study that runs, with what was found out as comments."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from dse.analysis.utilisation import known_parts
from dse.cli.console import writing
from dse.cli.init_files import refuse_existing
from dse.cli.network_facts import WIDEST, Facts, Request, facts_of

_DEFAULT_PART = "xcvu9p"
_FILLED = 0.8
"""Share of a part that a design may fill: place and route needs room."""


def write_network_study(file: Path, asked: Request, *, force: bool, cache: Path) -> Path:
    """Write a study of a user's network and return its path.

    Args:
        file: the study; paths in `asked` are relative to its folder.
        asked: network and test set.
        force: replace an existing file.
        cache: folder of the cache.

    Raises:
        UsageError: the file exists, or no installed backend reads networks.
        DataError: network or test set are wrong or missing.
        EvaluationError: the network cannot be converted.
    """
    refuse_existing(file, force=force)
    found = facts_of(file, _probe_text(asked), cache)
    with writing(file):
        file.write_text("\n".join(_lines(file.stem, asked, found)) + "\n")
    return file


def _probe_text(asked: Request) -> str:
    """Return a study with one point for every backend."""
    space = "space:\n  total_bits: [16]\n  strategy: resource"
    return "\n".join((*workload_lines(asked, "accuracy"), space))


def name_of(stem: str) -> str:
    """Return the name of a study, from that of a file without its suffix."""
    return re.sub(r"[^a-z0-9_-]", "_", stem.lower()) or "network"


def workload_of(model: str) -> str:
    """Return the name of the workload that reads a network's file."""
    return "onnx" if Path(model).suffix.lower() == ".onnx" else "keras"


def workload_lines(asked: Request, score: str) -> Iterator[str]:
    """Yield the section of a study that names the network and its test set."""
    yield "workload:"
    yield f"  name: {workload_of(asked.model)}"
    yield f"  model: {_scalar(asked.model)}"
    yield f"  test_set: {_scalar(asked.data)}"
    if asked.targets is not None:
        yield f"  test_targets: {_scalar(asked.targets)}"
    if asked.output is not None:
        yield f"  output: {_scalar(asked.output)}"
    if asked.modules:
        yield f"  custom_modules: [{', '.join(map(_scalar, asked.modules))}]"
    yield f"  score: {score}"


def _scalar(text: str) -> str:
    """Return a text for YAML: in quotes, which JSON shares with it, unless it is plain."""
    return text if re.fullmatch(r"[A-Za-z][\w./-]*", text) else json.dumps(text)


def _lines(stem: str, asked: Request, found: Facts) -> Iterator[str]:
    name = name_of(stem)
    score = found.score
    yield f"# Written by `dse init` from {asked.model}; everything may be changed."
    yield ""
    yield f"name: {name}"
    yield f"description: {score} and cost of {name} against bits and reuse factor"
    yield ""
    yield from workload_lines(asked, score)
    if found.labels:
        yield f"  # no accuracy: {found.labels}"
    yield "  # more_scores: [...]            # further figures of merit of the same outputs"
    yield ""
    yield from _layers(found)
    yield from _space(found)
    yield from _backends(found)
    yield from _objectives(found, score)


def _layers(found: Facts) -> Iterator[str]:
    """Yield a table of the layers as comments."""
    rows = [
        ("layer", "kind", "output", "weights", "integer bits", "legal reuse factors (resource)")
    ]
    for layer in found.layers:
        bits = "" if layer.integer_bits is None else str(layer.integer_bits)
        shape = "x".join(map(str, layer.shape))
        reuse = _shortened(layer.reuse_factors)
        rows.append((layer.name, layer.kind, shape, str(layer.weights or ""), bits, reuse))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    yield "# The network. Integer bits: most that values and weights take on the test set."
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"#   {'  '.join(cells)}".rstrip()
    yield ""


def _shortened(factors: tuple[int, ...]) -> str:
    few = factors if len(factors) <= 12 else (*factors[:8], "…", *factors[-3:])
    return " ".join(map(str, few))


def _space(found: Facts) -> Iterator[str]:
    yield "space:"
    yield "  total_bits: [8, 10, 12, 14, 16]"
    bits = [layer.integer_bits for layer in found.layers if layer.integer_bits is not None]
    if bits:
        yield "  precision: profiled             # integer bits of every layer as in the table"
    else:
        yield "  integer_bits: {coupled: total_bits / 2}   # ranges are not known without bittrue"
    if found.reuse_factors:
        yield f"  reuse_factor: {json.dumps(list(found.reuse_factors))}"
        yield "  strategy: resource"
    yield ""


def _backends(found: Facts) -> Iterator[str]:
    part, text = part_of(found.sizes)
    yield from (f"# {line}" for line in text)
    yield "backends:"
    for name in _RUN:
        if _usable(found, name):
            yield f"  - name: {name}"
            if name == "estimate":
                yield f"    part: {part}"
    if not _usable(found, "bittrue"):
        yield "  - csim                          # compiled: takes what hls4ml converts"
    yield from _others(found, part)
    refused = {name: reason for name, reason in found.refusals.items() if reason}
    if refused:
        yield "# Backends that cannot take it, and why:"
    for name, reason in refused.items():
        yield f"#   {name}: {' '.join(reason.split())}"
    yield ""


def _others(found: Facts, part: str) -> Iterator[str]:
    """Yield further backends that take the network, as comments."""
    yield "# Others that take the network; remove the # to use them:"
    for name, purpose in _MORE.items():
        if found.refusals.get(name, "?"):
            continue
        yield f"  # - name: {name}".ljust(34) + f"# {purpose}"
        if name in _WITH_PART:
            yield f"  #   part: {part}"
        if name in found.missing:
            yield f"  #   not on this machine: {found.missing[name]}"


_RUN = ("bittrue", "estimate")
_MORE = {
    "cpu": "the network in floating point",
    "open": "a simulated circuit, its cells counted; minutes",
    "csim": "hls4ml's C++, compiled; gives what bittrue gives",
    "vitis": "Vitis HLS and Vivado",
    "vivado": "Vivado HLS",
    "opencl": "an OpenCL program on this machine",
}
_WITH_PART = ("open", "vitis", "vivado")


def _usable(found: Facts, name: str) -> bool:
    return name in found.refusals and not found.refusals[name] and name not in found.missing


def _objectives(found: Facts, score: str) -> Iterator[str]:
    costs = ["estimate.latency_ns", "lut_pct"] if _usable(found, "estimate") else []
    yield f"objectives: [{', '.join([score, *costs])}]"
    if costs:
        limits = " ".join(f'--where "{name}_pct<=100"' for name in ("lut", "dsp"))
        yield f"# designs that fit the part: dse pareto {limits}"


_LIKE_THE_FORMULAS = "xc"
"""First letters of the parts that the formulas count cells of: 6-input look-up tables, DSP48."""


def part_of(sizes: Mapping[int, Mapping[str, float]]) -> tuple[str, list[str]]:
    """Return the smallest part that a design fits, and a text that says which fit."""
    known = {factor: size for factor, size in sizes.items() if size}
    if not known:
        return _DEFAULT_PART, [f"The part is an example: the size at {WIDEST} bits is not known."]
    counted = (name for name in known_parts() if name.startswith(_LIKE_THE_FORMULAS))
    parts = sorted(counted, key=lambda name: known_parts()[name].counts["lut"])
    fitting = [name for name in parts if any(_fits(size, name) for size in known.values())]
    part = fitting[0] if fitting else parts[-1]
    text = [f"Part: {part}, the smallest that a design of {WIDEST} bits fits, by formula:"]
    if not fitting:
        text = [f"Part: {part}, the largest known. No design of {WIDEST} bits fits, by formula:"]
    for factor, size in known.items():
        counts = ", ".join(f"{size[name]:.0f} {name.upper()}" for name in ("lut", "ff", "dsp"))
        answer = "fits" if _fits(size, part) else "does not fit"
        text.append(f"  reuse factor {factor}: {counts}: {answer}")
    return part, text


def _fits(size: Mapping[str, float], part: str) -> bool:
    counts = known_parts()[part].counts
    names = counts.keys() & size.keys()
    return all(size[name] <= _FILLED * counts[name] for name in names)
