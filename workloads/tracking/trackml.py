"""Read events in the official layout of the TrackML challenge.

An event is a set of CSV files, ``event000001000-hits.csv`` and the same with ``-truth``
and ``-particles``, plain or gzipped, in folders or in a zip archive as downloaded.
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from dse.contracts.errors import DataError
from workloads.tracking._columns import read_table, require_known, require_unique
from workloads.tracking._sources import PARTS, EventFiles, EventSource, find_events
from workloads.tracking.events import NOISE, Event

__all__ = ["EventFiles", "find_events", "read_event", "read_events"]


def read_events(path: str | Path) -> Iterator[Event]:
    """Read all events below a path, one at a time, in the order of their numbers.

    Args:
        path: file, prefix, folder or zip archive, as for `find_events`.

    Yields:
        The events.

    Raises:
        DataError: as for `find_events` and `read_event`.
    """
    for files in find_events(path):
        yield read_event(files)


def read_event(event: EventFiles | str | Path) -> Event:
    """Read and check one event.

    Args:
        event: an element of the result of `find_events`, or a path with exactly one event.

    Returns:
        The event; columns beyond the official ones are dropped, ``cells`` files are not read.

    Raises:
        DataError: if a file is missing, unreadable or wrong; `where` names the file and, for
            a wrong value, its line and column.
    """
    files = event if isinstance(event, EventFiles) else _only_event(event)
    sources = {part: _source(files, part) for part in PARTS}
    tables = {
        part: read_table(source.read(), part, str(source)) for part, source in sources.items()
    }
    _check_ids(tables, {part: str(source) for part, source in sources.items()})
    return Event(files.number, tables["hits"], tables["truth"], tables["particles"])


def _only_event(path: str | Path) -> EventFiles:
    events = find_events(path)
    if len(events) > 1:
        hint = "give the prefix of one event, such as event000001000, or use read_events"
        raise DataError(f"{len(events)} events found, not one", where=str(path), hint=hint)
    return events[0]


def _source(files: EventFiles, part: str) -> EventSource:
    if part in files.sources:
        return files.sources[part]
    there = next(iter(files.sources.values()))
    raise DataError(
        f"event {files.number} has no {part} file",
        where=str(there.path if there.member else there.path.parent),
        hint="the challenge's test set has no truth; use a training sample",
    )


def _check_ids(tables: dict[str, pd.DataFrame], where: dict[str, str]) -> None:
    """Check that ids are unique, hits and truth the same, and particles of the truth listed."""
    hits, truth, particles = (tables[part] for part in PARTS)
    require_unique(hits["hit_id"], where["hits"])
    require_unique(truth["hit_id"], where["truth"])
    require_unique(particles["particle_id"], where["particles"])
    require_known(truth["hit_id"], hits["hit_id"], where["truth"], "hits")
    require_known(hits["hit_id"], truth["hit_id"], where["hits"], "truth")
    # Noise has no row among the particles: its id is replaced by one that is listed.
    caused = truth["particle_id"].where(
        truth["particle_id"] != NOISE, particles["particle_id"].iloc[0]
    )
    require_known(caused, particles["particle_id"], where["truth"], "particles")
