"""Leases of evaluations: what a run has in hand, other runs on the same database do not repeat."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from dse.store.batches import batches
from dse.store.schema import LeaseRow


def release(connection: Connection, keys: Sequence[str]) -> None:
    """End the leases of evaluations, whose results are stored now."""
    for batch in batches(keys):
        connection.execute(delete(LeaseRow).where(LeaseRow.key.in_(batch)))


def holders(connection: Connection, keys: Sequence[str]) -> dict[str, str]:
    """Return the run that has each of these evaluations in hand, by key; free ones are left out."""
    query = select(LeaseRow.key, LeaseRow.run_id)
    rows = (connection.execute(query.where(LeaseRow.key.in_(batch))) for batch in batches(keys))
    return {key: run for found in rows for key, run in map(tuple, found)}


def take(connection: Connection, keys: Sequence[str], run: str) -> None:
    """Lease evaluations, which must be free, to a run."""
    if keys:
        connection.execute(insert(LeaseRow), [{"key": key, "run_id": run} for key in keys])
