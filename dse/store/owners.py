"""Whose study is whose: in a team's database everybody has studies of their own.

Owners are the login roles of PostgreSQL; a file has none. A study keeps its plain name unless the
name is another person's already: ana's ``bitwidth`` is then ``bitwidth@ana``. Evaluations are
shared by key whatever the study.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, Dialect, Select, func, select

from dse.store.schema import StudyRow


def owner_query(dialect: Dialect) -> "Select[str] | None":
    """Return the query for who is connected: PostgreSQL's login role; None for a file.

    ``session_user``, as roles of a team may be set to a common one after the login.
    """
    return select(func.session_user()) if dialect.name == "postgresql" else None


def current_owner(connection: Connection) -> str:
    """Return who is connected; empty for a file."""
    query = owner_query(connection.dialect)
    return "" if query is None else str(connection.scalar(query))


def owners(connection: Connection) -> dict[str, str]:
    """Return the owner of each study that has one, by its name.

    Studies without are those of a file's user, and those that a server has from before it knew of
    owners: they go to whoever runs them next.
    """
    rows = connection.execute(select(StudyRow.name, StudyRow.owner).where(StudyRow.owner != ""))
    return {row.name: row.owner for row in rows}


def name_in(connection: Connection, name: str, owner: str) -> str:
    """Return the name that a study has in this database.

    Args:
        connection: to the database.
        name: in the study file.
        owner: whose study; empty for whoever is connected.
    """
    who = current_owner(connection)
    if not who:  # a file: plain names are its user's
        return f"{name}@{owner}" if owner else name
    return own_name(name, owner or who, owners(connection))


def own_name(name: str, owner: str, known: Mapping[str, str]) -> str:
    """Return the name that somebody's study has on a server.

    Args:
        name: in the study file.
        owner: whose study; empty in a file, which keeps every name.
        known: owner of each study, by its name; see `owners`.
    """
    if not owner:
        return name
    qualified = f"{name}@{owner}"
    is_taken = known.get(name, owner) != owner
    return qualified if is_taken or qualified in known else name


def meant_name(name: str, owner: str, known: Mapping[str, str]) -> str:
    """Return which study somebody means by a name: the own one, or ``name@owner`` of another."""
    own = own_name(name, owner, known)
    if own in known:
        return own
    plain, _, of = name.rpartition("@")
    return plain if of and known.get(plain) == of else name
