"""What the testbench of a board says to the UART, and what has to come back."""

from collections.abc import Sequence
from dataclasses import dataclass, field

ACKNOWLEDGED, REFUSED = 0x06, 0x15
"""Status of an answer: the CRC of its request is right, or wrong."""


def crc8(values: bytes) -> int:
    """Return the CRC of 8 bits, polynomial 0x07, of some bytes."""
    found = 0
    for value in values:
        found ^= value
        for _ in range(8):
            found = ((found << 1) ^ 0x07 if found & 0x80 else found << 1) & 0xFF
    return found


@dataclass
class Script:
    """A conversation with the board; see the head of ``board_tb.v`` for its words."""

    words: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def ask(self, sent: bytes, answer: bytes) -> None:
        """Send bytes and wait for their answer."""
        self.words += [f"0000{value:02x}" for value in sent]
        self.answers += answer
        self.words.append(f"01{len(self.answers):04x}")

    def infer(self, given: bytes, output: bytes, *, garbled: bool = False) -> None:
        """Ask for an inference, with the right CRC or a wrong one."""
        status = REFUSED if garbled else ACKNOWLEDGED
        told = output + bytes([status])
        self.ask(b"I" + given + bytes([crc8(given) ^ garbled]), told + bytes([crc8(told)]))

    def stop_halfway(self, beat: bytes, bits: int) -> None:
        """Begin a request, and be silent in its first beat until the board has dropped it."""
        self.words += [f"0000{value:02x}" for value in b"I" + beat[: len(beat) // 2]]
        self.words.append(f"02{bits:04x}")


def conversation(
    inputs: Sequence[bytes],
    outputs: Sequence[bytes],
    beat_bytes: int,
    identity: bytes,
    silence_bits: int,
) -> Script:
    """Return a conversation in which everything happens that the board knows.

    Args:
        inputs: inferences.
        outputs: what `bittrue` gives for them.
        beat_bytes: bytes of a beat of the inputs; a streamed network answers every beat.
        identity: of the network.
        silence_bits: time of bits after which the board has dropped half a request.
    """
    script = Script()
    script.ask(b"V", identity[::-1])
    script.infer(inputs[0], outputs[0])
    script.infer(inputs[-1], outputs[-1], garbled=True)
    script.stop_halfway(inputs[-1][:beat_bytes], silence_bits)
    script.ask(b"T", b"\x01")
    for given, output in zip(inputs[1:3], outputs[1:3], strict=True):
        script.infer(given, output)
    script.words.append("030000")
    return script
