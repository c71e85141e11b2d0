"""Output to a terminal that may be closed while a command runs."""

import errno
import os
import sys
from typing import Any, TextIO, cast


class _Terminal:
    """A text stream that discards its output from when its terminal is closed.

    Writing to a closed terminal is an error, which would end a run that only reports its progress.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write text, and return its length."""
        try:
            self._stream.write(text)
        except OSError as error:
            self._closed(error)
        return len(text)

    def flush(self) -> None:
        """Write what is buffered."""
        try:
            self._stream.flush()
        except OSError as error:
            self._closed(error)

    def _closed(self, error: OSError) -> None:
        if error.errno != errno.EIO:
            raise error
        # what is buffered goes there too, else the interpreter would fail on it at its end
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


def outlive_terminal() -> None:
    """Let this process go on if the terminal it writes to is closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream.isatty():
            setattr(sys, name, cast("TextIO", _Terminal(stream)))
