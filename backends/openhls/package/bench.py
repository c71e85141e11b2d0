"""The testbench of a package: random gaps, outputs that wait, a reset on the way."""

from backends.openhls.package.interface import AxiStream, Interface
from backends.openhls.package.templates import filled

TESTBENCH = "network_axis_tb"
"""Name of its module."""

_TIMED = """\
      if (!errors && (first - begun != {latency} || ended - first != (SAMPLES - 1) * {interval}))
      begin
        $display("round 0: latency or interval is not {latency} and {interval} cycles");
        errors = errors + 1;
      end"""


def testbench(interface: Interface, samples: int) -> str:
    """Return the testbench of a package.

    Its round at full pace measures the latency, from the first beat of the first inference to the
    last beat of its output, and the interval. A network without streams must have those that its
    interface says.

    Args:
        interface: of the circuit.
        samples: inferences that the vectors hold.
    """
    interval, latency, output = interface.interval, interface.latency, interface.output
    slots = interface.slots if latency is not None else 1
    mood = max(64, min(4 * interval, 4096), 2 * (latency or 0))  # long enough to fill the FIFO
    timing = _TIMED.format(latency=latency, interval=interval) if latency is not None else ""
    first = interface.inputs[0].name
    return filled(
        "axis_tb.v",
        samples=samples,
        few=max(samples // 4, 4 * slots),
        out_beats=output.beats,
        out_data=output.data_bits,
        patience=64 * mood + 8 * (latency or 0) + 64 * interval,
        mood=mood,
        senders="\n".join(_sender(stream, n) for n, stream in enumerate(interface.inputs)),
        ports="\n".join(_ports(stream) for stream in interface.inputs),
        taken=f"aresetn && {first}_tvalid && {first}_tready",
        timing=timing,
        gaps=max(samples - 1, 1),
    )


def _sender(stream: AxiStream, number: int) -> str:
    """Return what sends the vectors of a stream; gaps come from a random bit of its own."""
    name, bits, beats = stream.name, stream.data_bits, stream.beats
    return filled("axis_sender.v", name=name, data=bits, beats=beats, bit=number % 6)


def _ports(stream: AxiStream) -> str:
    signals = ("tdata", "tvalid", "tready")
    return "    " + " ".join(f".{stream.name}_{s}({stream.name}_{s})," for s in signals)
