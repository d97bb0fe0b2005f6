"""Tables that users bring, as they stand in their files."""

import sys
import warnings
from pathlib import Path
from typing import Any

import pandas as pd

from rnnpop.stages.tabulate import TableError


def opened(file: str, **how: Any) -> pd.DataFrame:
    """The table in a file: CSV, or Parquet (`.pqt`, `.parquet`).

    Args:
        how: a CSV is read, as `pandas.read_csv` takes it.

    Raises:
        TableError: in one line, where the file is no table, or Parquet that nothing here can read.
    """
    try:
        return _csv(file, how) if Path(file).suffix == ".csv" else _parquet(file)
    except UnicodeDecodeError as error:
        byte = f"byte 0x{error.object[error.start]:02x} is not {error.encoding}"
        raise TableError(
            f"{file}: {byte}; name the file's own encoding in config.yaml (`encoding: latin-1`), or save it as UTF-8"
        ) from None
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError) as error:
        said = " ".join(str(error).split()).rstrip(".")
        raise TableError(f"{file}: not a table with a header ({said}); a text with commas must stand in double quotes") from None


def _csv(file: str, how: dict[str, Any]) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # pandas would cut rows that are too long
        return pd.read_csv(file, **how)


def _parquet(file: str) -> pd.DataFrame:
    try:
        from fastparquet import ParquetFile
    except ModuleNotFoundError:
        raise TableError(
            f"{file}: reading Parquet needs fastparquet, which is not in the environment: "
            f"{sys.executable} -m pip install fastparquet; or give a CSV"
        ) from None
    with Path(file).open("rb") as stream:
        try:
            table: pd.DataFrame = ParquetFile(stream).to_pandas()
        except Exception as error:  # whatever it may raise on a file of another kind
            raise TableError(f"{file}: not a Parquet table ({type(error).__name__}: {' '.join(str(error).split())})") from None
    return table
