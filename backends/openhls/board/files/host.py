#!/usr/bin/env python3
"""Talk to the network on the board. Needs nothing but Python, on Linux or macOS.

    python3 host.py PORT --check            send the vectors, compare every bit of the answers
    python3 host.py PORT --self-test        run the board's self-test again
    python3 host.py PORT < numbers.csv      an inference per line, comma-separated; results likewise

The numbers of a line are those of all inputs, in the order of design.json.
"""

import argparse
import json
import math
import os
import select
import sys
import termios
import tty
from pathlib import Path

HERE = Path(__file__).resolve().parent
ACKNOWLEDGED = 0x06
SECONDS = 5.0  # without any byte, after which the board counts as silent


def crc(values, start=0):
    """CRC of 8 bits, polynomial 07."""
    for value in values:
        start ^= value
        for _ in range(8):
            start = (start << 1) ^ 0x07 if start & 0x80 else start << 1
            start &= 0xFF
    return start


def request(payload):
    """The bytes that ask for an inference."""
    return b"I" + payload + bytes([crc(payload)])


def answer(received):
    """The output in an answer; raises ValueError where it is not what the board meant."""
    *_, status, check = received
    if crc(received[:-1]) != check:
        raise ValueError("the answer was garbled on its way: its CRC is wrong")
    if status != ACKNOWLEDGED:
        raise ValueError("the request was garbled on its way: the board refuses its CRC")
    return received[:-2]


def raw_of(value, field):
    """A number as the network's bits."""
    scaled = math.ldexp(value, field["fractional_bits"])
    rounding, bits = field["rounding"], field["bits"]
    if rounding not in ("TRN", "RND"):
        raise ValueError(f"rounding {rounding} is not known here: send numbers that need none")
    raw = math.floor(scaled + (0.5 if rounding == "RND" else 0.0))
    low = -(1 << (bits - 1)) if field["signed"] else 0
    high = (1 << (bits - field["signed"])) - 1
    if field["overflow"] == "SAT":
        raw = min(max(raw, low), high)
    elif not low <= raw <= high and field["overflow"] != "WRAP":
        raise ValueError(f"{value} is out of range")
    return raw & ((1 << bits) - 1)


def packed(stream, numbers):
    """The bytes of one inference; numbers are beat by beat, field by field."""
    numbers, beats = iter(numbers), []
    for _ in range(stream["beats"]):
        word, place = 0, 0
        for field in stream["fields"]:
            for _ in range(field["elements"]):
                word |= raw_of(next(numbers), field) << place
                place += field["bits"]
        beats.append(word.to_bytes(stream["bytes"], "little"))
    return b"".join(beats)


def unpacked(stream, payload):
    """The numbers in the bytes of one output."""
    (field,), size, found = stream["fields"], stream["bytes"], []
    bits, mask = field["bits"], (1 << field["bits"]) - 1
    for start in range(0, len(payload), size):
        word = int.from_bytes(payload[start : start + size], "little")
        for n in range(field["elements"]):
            raw = (word >> (bits * n)) & mask
            raw -= (mask + 1) * (field["signed"] and raw >> (bits - 1))
            found.append(math.ldexp(raw, -field["fractional_bits"]))
    return found


class Board:
    """The board behind a serial port."""

    def __init__(self, port, design):
        self.design = design
        (self.given,), self.output = design["inputs"], design["output"]
        self.file = os.open(port, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.file)
        settings = termios.tcgetattr(self.file)
        settings[4] = settings[5] = getattr(termios, f"B{design['board']['baud']}")
        termios.tcsetattr(self.file, termios.TCSANOW, settings)
        termios.tcflush(self.file, termios.TCIOFLUSH)

    def ask(self, sent, count):
        """Send bytes, and return as many as the answer has."""
        os.write(self.file, sent)
        found = b""
        while len(found) < count:
            if not select.select([self.file], [], [], SECONDS)[0]:
                sys.exit(f"the board is silent: {len(found)} of {count} bytes came")
            found += os.read(self.file, count - len(found))
        return found

    def identify(self):
        """Leave where the board holds another network."""
        found, own = self.ask(b"V", 4)[::-1].hex(), self.design["board"]["identity"]
        if found != own:
            sys.exit(f"the board holds network {found}, this folder is of {own}: make load")

    def infer(self, payload):
        """The bytes of the output for those of an inference."""
        count = self.output["beats"] * self.output["bytes"] + 2
        return answer(self.ask(request(payload), count))


def vectors(name, beats):
    """Bytes of every inference in a file of vectors."""
    lines = (HERE / "vectors" / f"{name}.hex").read_text().split()
    words = [bytes.fromhex(line)[::-1] for line in lines]
    return [b"".join(words[n : n + beats]) for n in range(0, len(words), beats)]


def check(board):
    """Send the vectors; return how many outputs differ."""
    given = vectors(board.given["name"], board.given["beats"])
    expected = vectors("expected", board.output["beats"])
    wrong = sum(board.infer(x) != y for x, y in zip(given, expected))
    print(f"{len(given) - wrong} of {len(given)} inferences equal, bit for bit")
    return wrong


def main():
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("port", help="such as /dev/ttyUSB0")
    parser.add_argument("--check", action="store_true", help="compare with the vectors")
    parser.add_argument("--self-test", action="store_true", help="run the self-test again")
    asked = parser.parse_args()
    board = Board(asked.port, json.loads((HERE / "design.json").read_text()))
    board.identify()
    if asked.self_test:
        passed = board.ask(b"T", 1) == b"\x01"
        print("self-test passed" if passed else "self-test failed")
        sys.exit(not passed)
    if asked.check:
        sys.exit(check(board) > 0)
    for line in sys.stdin:
        payload = packed(board.given, map(float, line.split(",")))
        print(",".join(map(repr, unpacked(board.output, board.infer(payload)))), flush=True)


if __name__ == "__main__":
    main()
