"""The Verilog of a network with comments that say what is what."""

import re

from backends.openhls.package.design import Design
from backends.openhls.package.interface import Field

_MODULE = re.compile(r"^module (\w+) \(", re.MULTILINE)


def readable(design: Design) -> str:
    """Return the circuit's Verilog; the head lists ports and layers, and every module has its use.

    Comments apart it is what was simulated and counted.
    """
    uses = _uses(design)
    body = _MODULE.sub(lambda found: f"{uses.get(found[1], '')}{found[0]}", design.text)
    return f"{_head(design)}\n{body}"


def _uses(design: Design) -> dict[str, str]:
    """Return the comment in front of every module: the layers that use it, and how often."""
    uses: dict[str, list[str]] = {}
    for (layer, module), number in design.circuit.instances.items():
        uses.setdefault(module, []).append(f"{layer} ({number})" if number > 1 else layer)
    return {module: f"// used by {', '.join(layers)}\n" for module, layers in uses.items()}


def _head(design: Design) -> str:
    interface = design.interface
    inputs = [field for stream in interface.inputs for field in stream.fields]
    lines = [f"{design.title}, written by {_versions(design)}", "", "Ports of module network:"]
    lines += [f"  {port_text(field)}" for field in (*inputs, *interface.output.fields)]
    lines += ["", "Layers, by which instances are named:"]
    lines += [f"  {name}: {kind}" for name, kind in design.layers.items()]
    return "".join(f"// {line}".rstrip() + "\n" for line in lines)


def _versions(design: Design) -> str:
    return ", ".join(f"{name} {version}" for name, version in design.made_by.items())


def port_text(field: Field) -> str:
    """Return a port in words: name, numbers, type."""
    kind = field.type
    sign = "" if kind.signed else "un"
    numbers = f"{field.elements} number{'s' if field.elements > 1 else ''}"
    return (
        f"{field.port}: {field.name}, {numbers} of {kind.width} bits, {sign}signed, "
        f"the last bit worth 2^{-kind.fractional}; element 0 in the lowest bits"
    )
