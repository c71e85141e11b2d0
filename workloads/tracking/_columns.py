"""Read and check CSV tables; errors name file, line and column."""

import io
from typing import NoReturn

import numpy as np
import pandas as pd

from dse.contracts.errors import DataError
from workloads.tracking.events import COLUMNS, INTEGER_COLUMNS

_FIRST_ROW_LINE = 2
"""Line of the first row in the file, counted from 1; line 1 is the header."""
_EXACT_FLOAT = 2**53
"""Up to this magnitude a float64 represents every integer."""


def read_table(content: bytes, part: str, where: str) -> pd.DataFrame:
    """Parse and check one file of an event.

    Args:
        content: bytes of the CSV file.
        part: ``hits``, ``truth`` or ``particles``.
        where: name of the file, for messages.

    Returns:
        The columns of the TrackML layout in their order, integers as int64 and the rest as
        float64; row i is on line i + 2 of the file. Other columns are dropped.

    Raises:
        DataError: if the file is not such a table; `where` names file, line and column.
    """
    frame = _parse(content, where)
    _require_columns(frame, part, where)
    if frame.empty:
        raise DataError(
            f"the {part} file has no rows", where=where, hint="take an event that is not empty"
        )
    return pd.DataFrame({name: _numbers(frame[name], where) for name in COLUMNS[part]})


def fail(message: str, where: str, row: int, column: str, hint: str = "") -> NoReturn:
    """Raise a DataError for one cell; `row` counts from 0 below the header."""
    place = f"{where}:{row + _FIRST_ROW_LINE} ({column})"
    raise DataError(message, where=place, hint=hint)


def require_unique(values: pd.Series, where: str) -> None:
    """Raise a DataError at the first value that repeats an earlier one."""
    if (repeated := values.duplicated()).any():
        row = int(repeated.to_numpy().argmax())
        first = int((values == values.iloc[row]).to_numpy().argmax())
        message = f"{values.name} {values.iloc[row]} is already on line {first + _FIRST_ROW_LINE}"
        fail(message, where, row, str(values.name), "ids must be unique within an event")


def require_known(values: pd.Series, known: pd.Series, where: str, elsewhere: str) -> None:
    """Raise a DataError at the first value that is not among those of another file."""
    unknown = ~values.isin(known).to_numpy()
    if unknown.any():
        row = int(unknown.argmax())
        message = f"{values.name} {values.iloc[row]} is not in the {elsewhere} file"
        fail(message, where, row, str(values.name), "do all files belong to the same event?")


def _parse(content: bytes, where: str) -> pd.DataFrame:
    # Blank lines are kept, so that a row's number tells its line. low_memory would guess the type
    # of a column chunk by chunk.
    try:
        frame = pd.read_csv(io.BytesIO(content), skip_blank_lines=False, low_memory=False)
    except pd.errors.EmptyDataError as error:
        raise DataError("the file is empty", where=where) from error
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        hint = "expected comma-separated text with one header line"
        raise DataError(f"not a CSV table: {error}", where=where, hint=hint) from error
    header, first, *_ = (*content.split(b"\n", 2), b"")
    if first.count(b",") > header.count(b","):  # pandas would read the first column as an index
        fail("more values than columns", where, 0, str(frame.columns[-1]))
    return frame


def _require_columns(frame: pd.DataFrame, part: str, where: str) -> None:
    for name in COLUMNS[part]:
        if name not in frame.columns:
            raise DataError(
                f"column '{name}' is missing; the header has {', '.join(map(str, frame.columns))}",
                where=f"{where}:1 ({name})",
                hint=f"columns of a {part} file: {', '.join(COLUMNS[part])}",
            )


def _numbers(column: pd.Series, where: str) -> pd.Series:
    name = str(column.name)
    numbers = _numeric(column)
    bad = ~np.isfinite(numbers.to_numpy(dtype=np.float64))
    if bad.any():
        _fail_at(column, int(bad.argmax()), where)
    if name not in INTEGER_COLUMNS:
        return numbers.astype(np.float64)
    return _integers(numbers, where)


def _numeric(column: pd.Series) -> pd.Series:
    """Return the column as numbers, NaN for cells that are not numbers."""
    # pandas reads a column of True and False as booleans, which to_numeric would accept.
    if pd.api.types.is_bool_dtype(column):
        column = column.astype(str)
    return pd.to_numeric(column, errors="coerce")


def _integers(numbers: pd.Series, where: str) -> pd.Series:
    """Return the numbers as int64.

    Raises:
        DataError: if a number is not an integer, or too large to be exact in float64.
    """
    if numbers.dtype == np.int64:
        return numbers
    values = numbers.to_numpy(dtype=np.float64)
    bad = (values != np.round(values)) | (np.abs(values) > _EXACT_FLOAT)
    if bad.any():
        row = int(bad.argmax())
        fail(f"{numbers.iloc[row]} is not an integer", where, row, str(numbers.name))
    return numbers.astype(np.int64)


def _fail_at(column: pd.Series, row: int, where: str) -> NoReturn:
    cell = column.iloc[row]
    message = "empty or NaN" if pd.isna(cell) else f"'{cell}' is not a finite number"
    hint = "the file may be cut off here" if row == len(column) - 1 else ""
    fail(message, where, row, str(column.name), hint)
