"""Tables and views of the store, from a database made for the purpose."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import create_engine, inspect

from dse.store.schema import Base
from dse.store.store import Store
from generator.markdown import cell, code, generated, sentence, table

_VIEWS = {
    "v_points": "One row per point of a study's current points: one column per parameter, and "
    "one per `<backend>_<metric>`. Its columns depend on what was run; it is made again at the "
    "end of a run that brings new names.",
    "v_metrics": "One row per point and metric.",
    "v_failures": "One row per failed evaluation of a point.",
}
_WHAT = """\
Results are kept in `results.db`, a SQLite file, or in the database that `--db` or `DSE_DB`
names ([PostgreSQL](../how-to/share-a-store.md) for teams). Read it with anything that reads SQL;
the views are kept stable, the tables may change with a migration. Write to it with `dse` alone.

```sh
sqlite3 results.db "SELECT point, value FROM v_metrics WHERE study = 'bitwidth'"
```

An evaluation is one run of one backend for one key, and belongs to every point with that key; a
point belongs to one study.
"""


def page() -> str:
    """Return the page of the store."""
    columns = _columns()
    views = "\n".join(_view(name, text, columns[name]) for name, text in _VIEWS.items())
    tables = "\n".join(_table(kind) for kind in Base.__subclasses__())
    return generated("Store", _WHAT, f"## Views\n\n{views}\n## Tables\n\n{tables}")


@cache
def _columns() -> dict[str, tuple[str, ...]]:
    """Return the columns of every view of a new store."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "results.db")
        store = Store(str(file))
        store.refresh_views()
        store.close()
        engine = create_engine(f"sqlite:///{file}")
        found = inspect(engine)
        views = found.get_view_names()
        columns = {name: tuple(c["name"] for c in found.get_columns(name)) for name in views}
        engine.dispose()
    return columns


def _view(name: str, text: str, columns: tuple[str, ...]) -> str:
    more = ", …" if name == "v_points" else ""
    listed = ", ".join(code(column) for column in columns)
    return f"### {name} {{ #{name} }}\n\n{text}\n\nColumns: {listed}{more}.\n"


def _table(kind: type[Base]) -> str:
    rows = [
        (
            code(column.name),
            str(column.type).lower(),
            ", ".join(code(key.target_fullname) for key in column.foreign_keys),
            "yes" if column.nullable else "",
        )
        for column in kind.__table__.columns
    ]
    columns = table(("Column", "Type", "Refers to", "May be null"), rows)
    text = sentence(cell((kind.__doc__ or "").replace("`", "")))
    return f"### {kind.__tablename__}\n\n{text}\n\n{columns}"
