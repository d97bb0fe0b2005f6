"""What a result comes from: config, code, seeds, packages, number formats, sources; its own, and those of what it was made from."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

#: What is gathered along the way of the data. Sets: neither the number nor the size of shards and tiles shows in them.
_GATHERED = ("configs", "codes", "seeds", "packages", "dtypes", "sources")

#: Wildcards that only say how the work was cut.
_CUTS = ("shard", "block", "first", "second")

#: Packages that can change a table or a figure; torch is not among them, so that a machine with another build draws the same bytes.
_PACKAGES = ("matplotlib", "numpy", "pandas", "scipy", "xarray")


def origin(wildcards: Mapping[str, str], params: Mapping[str, Any], inputs: Iterable[str]) -> dict[str, Any]:
    """What a job's results come from.

    Args:
        wildcards, params: the job's own. Each parameter but `code` and `seed` counts as config, and so do the names in the path, by which
            random streams go.
        inputs: files that the job reads, and that brought an origin of their own, if they are results.

    Returns:
        `config_digest` and `code_digest`, of the job and of everything upstream, and the sets that they stand for, `configs` and `codes`;
        sets of `seeds`, `packages` (by which the inputs were made), `dtypes` (of floating-point numbers in the inputs) and `sources`
        (digests of files that are no results).
    """
    gathered: dict[str, set[Any]] = {key: set() for key in _GATHERED}
    files = set(inputs)
    for path in files:
        for key, values in of_file(path, described=f"{path}-metadata.json" in files).items():
            gathered[key] |= set(values)
    names = {name: value for name, value in wildcards.items() if name not in _CUTS}
    entries = {name: value for name, value in params.items() if name not in ("code", "seed")} | ({"names": names} if names else {})
    gathered["configs"] |= {_digest(json.dumps({name: value}, sort_keys=True).encode()) for name, value in entries.items()}
    gathered["codes"] |= {params["code"]} if "code" in params else set()
    gathered["seeds"] |= {params["seed"]} if "seed" in params else set()
    lists = {key: sorted(values) for key, values in gathered.items()}
    return {f"{key}_digest": _digest(json.dumps(lists[f"{key}s"]).encode()) for key in ("config", "code")} | lists


def of_file(path: str, *, described: bool) -> dict[str, list[Any]]:
    """What a file brings to the origin of what is made from it; nothing where a store cannot be read, which its own job will say.

    Args:
        described: whether it is a table, and what it comes from stands beside it.
    """
    try:
        if path.endswith(".zarr.zip"):
            return _of_store(path)
        if described:
            return {key: record[key] for record in json.loads(Path(f"{path}-metadata.json").read_text())["notes"] for key in _GATHERED}
        source = Path(path).is_file() and not path.endswith("-metadata.json")
        return {"sources": [_digest(Path(path).read_bytes())]} if source else {}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return {}


def _of_store(path: str) -> dict[str, list[Any]]:
    with zipfile.ZipFile(path) as archive:
        attributes = json.loads(archive.read("zarr.json"))["attributes"]
        arrays = [json.loads(archive.read(name)) for name in archive.namelist() if name.endswith("/zarr.json")]
    kinds = {array["data_type"] for array in arrays if str(array.get("data_type")).startswith("float")}
    found = {key: json.loads(attributes.get(key, "[]")) for key in _GATHERED}
    found["packages"] += [f"{name} {number}" for name, number in json.loads(attributes["versions"]).items()]
    found["dtypes"] += kinds
    return found


def print_of(record: Mapping[str, Any]) -> str:
    """One line for the metadata of a figure: digests without the sets that they stand for, and the packages that drew it."""
    short = {key: value for key, value in record.items() if key not in ("configs", "codes", "config")}
    return json.dumps(short | {"drawn with": _own()}, sort_keys=True)


def write(metadata: str | Path, tables: Iterable[str | Path], record: Mapping[str, Any]) -> None:
    """Say beside tables what they come from, in the form and at the place of *Metadata for Tabular Data* (CSV on the Web, W3C 2015).

    Args:
        metadata: `<table>-metadata.json`, or `csv-metadata.json` for all tables of a folder.
    """
    names = [Path(table).relative_to(Path(metadata).parent).as_posix() for table in tables]
    said = {"@context": "http://www.w3.org/ns/csvw", "tables": [{"url": name} for name in sorted(names)]}
    record = dict(record) | {"packages": sorted({*record["packages"], *_own()})}
    Path(metadata).write_text(json.dumps(said | {"notes": [record]}, indent=1, sort_keys=True) + "\n")


def _own() -> list[str]:
    return [f"{name} {version(name)}" for name in _PACKAGES]


def _digest(content: bytes) -> str:
    """Twelve hex digits, as of code."""
    return hashlib.sha256(content).hexdigest()[:12]
