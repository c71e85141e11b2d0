"""The Verilog that puts a circuit between AXI streams, in the module `network_axis`."""

from backends.openhls.package.interface import AxiStream, Interface
from backends.openhls.package.templates import filled

TOP_AXIS = "network_axis"
"""Name of the module."""


def wrapper(interface: Interface) -> str:
    """Return the wrapper of a circuit: a FIFO behind it, or only names where it streams."""
    return _parallel(interface) if interface.latency is not None else _streamed(interface)


def _parallel(interface: Interface) -> str:
    """Return the wrapper of a network that takes all of its inputs at once."""
    (given,), output, slots = interface.inputs, interface.output, interface.slots
    ports, low = [], 0
    for field in given.fields:
        ports.append(f".{field.port}(given[{low + field.bits - 1}:{low}])")
        low += field.bits
    return filled(
        "axis_parallel.v",
        in_data=given.data_bits,
        in_bits=given.bits,
        out_data=output.data_bits,
        out_bits=output.bits,
        interval=interface.interval,
        slots=slots,
        pause_bits=max((interface.interval - 1).bit_length(), 1),
        count_bits=slots.bit_length(),
        address_bits=max((slots - 1).bit_length(), 1),
        ports=",\n    ".join(ports),
        result=_padded("memory[read]", output),
    )


def _padded(value: str, stream: AxiStream) -> str:
    """Return bits filled up to whole bytes with zeros."""
    missing = stream.data_bits - stream.bits
    return f"{{{missing}'d0, {value}}}" if missing else value


def _streamed(interface: Interface) -> str:
    """Return the wrapper of a network whose ports are streams already: names and tlast."""
    output = interface.output
    ports, placed = [], []
    for stream in interface.inputs:
        name, (field,) = stream.name, stream.fields
        ports += [
            f"  input  wire [{stream.data_bits - 1}:0] {name}_tdata",
            f"  input  wire {name}_tvalid",
            f"  output wire {name}_tready",
        ]
        placed += [
            f".{field.port}({name}_tdata[{stream.bits - 1}:0])",
            f".{field.port}_valid({name}_tvalid && aresetn)",
            f".{field.port}_ready({name}_room)",
        ]
    return filled(
        "axis_stream.v",
        ports=",\n".join(ports),
        rooms="\n  ".join(
            f"wire {s.name}_room;\n  assign {s.name}_tready = {s.name}_room && aresetn;"
            for s in interface.inputs
        ),
        placed=",\n    ".join(placed),
        out_data=output.data_bits,
        out_bits=output.bits,
        positions=output.beats,
        position_bits=max((output.beats - 1).bit_length(), 1),
        result=_padded("out", output),
    )
