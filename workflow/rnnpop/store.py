"""Labelled stores on disk: one file each, whole or absent, the same bytes for the same content."""

from __future__ import annotations

import errno
import io
import json
import os
import uuid
import zipfile
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import xarray as xr
import zarr
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync

from rnnpop import names

#: Packages whose versions can change a number; recorded in every store.
_VERSIONED = ("numpy", "scipy", "torch", "xarray", "zarr")


class DamagedStore(RuntimeError):
    """A store that cannot be read; it has been moved aside, so the next run makes it again."""


def save(dataset: xr.Dataset, path: str | Path, stage: str, **provenance: object) -> None:
    """Write `dataset` to `path` (`.zarr.zip`), after checking it against the schema of `stage`.

    The archive is packed beside the target and moved into place: it is whole or absent. Members are stored uncompressed by
    the archive (zarr compresses the chunks), in sorted order, with a fixed date, and no clock time is recorded, so equal
    content gives equal bytes.

    Args:
        provenance: recorded as attributes beside `stage` and the versions of the numerical packages; values that are not
            strings are written as JSON with sorted keys.

    Raises:
        names.SchemaError: if the dataset is not what the stage promises.
    """
    names.check(dataset, stage)
    texts = {key: value if isinstance(value, str) else json.dumps(value, sort_keys=True) for key, value in provenance.items()}
    versions = json.dumps({name: version(name) for name in _VERSIONED}, sort_keys=True)
    dataset = dataset.assign_attrs(stage=stage, versions=versions, **texts)
    # texts as variable-length strings: zarr has no specification for fixed-width ones
    dataset = dataset.assign({name: item.astype(object) for name, item in dataset.variables.items() if item.dtype.kind == "U"})
    # one chunk per variable: a store is written once by one job and mostly read whole
    encoding = {name: {"chunks": tuple(max(size, 1) for size in item.shape)} for name, item in dataset.variables.items() if item.ndim}
    memory = zarr.storage.MemoryStore()
    dataset.to_zarr(memory, mode="w", consolidated=False, encoding=encoding)

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # a name of its own: the job of a run that was killed may still write the same store
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        _pack(_members(memory), part)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _pack(members: Iterable[tuple[str, bytes]], target: Path | io.BytesIO) -> None:
    """Write an archive whose bytes say nothing but its members."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for key, content in members:
            archive.writestr(zipfile.ZipInfo(key, date_time=(1980, 1, 1, 0, 0, 0)), content)


def _members(memory: zarr.storage.MemoryStore) -> list[tuple[str, bytes]]:
    async def read() -> list[tuple[str, bytes]]:
        keys = sorted([key async for key in memory.list()])
        found = [(key, await memory.get(key, default_buffer_prototype())) for key in keys]
        return [(key, content.to_bytes()) for key, content in found if content is not None]

    return sync(read())


def load(path: str | Path) -> xr.Dataset:
    """Read a store whole, and check every byte of it by the archive's checksums and the schema of the stage that wrote it.

    Raises:
        DamagedStore: naming the file, if it is truncated, altered or not of its stage's schema. The file is moved aside to
            `<name>.damaged`, so that the next run makes it again instead of stumbling over it.
        FileNotFoundError: if there is no such file.
    """
    return _checked(Path(path), whole=False)


def check(path: str | Path) -> None:
    """Check a store as `load` does, and that not a bit of its file is other than `save` would write it.

    Raises:
        DamagedStore, FileNotFoundError: as `load` does.
    """
    _checked(Path(path), whole=True)


def _checked(path: Path, whole: bool) -> xr.Dataset:
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such store")
    try:
        with zipfile.ZipFile(path) as archive:
            contents = {name: archive.read(name) for name in archive.namelist()}
        if whole:
            _pack(contents.items(), again := io.BytesIO())
            if again.getvalue() != path.read_bytes():
                raise zipfile.BadZipFile("the frame of its members was altered")
        buffers = {name: default_buffer_prototype().buffer.from_bytes(content) for name, content in contents.items()}
        dataset = xr.open_zarr(zarr.storage.MemoryStore(buffers), consolidated=False, chunks=None).load()
        # as Python texts: numpy's variable-length ones cannot be cast to the fixed-width ones that sets and sorting want
        dataset = dataset.assign({name: item.astype(object) for name, item in dataset.variables.items() if item.dtype.kind == "T"})
        names.check(dataset, dataset.attrs["stage"])
    except Exception as error:  # whatever a reader may raise on altered bytes
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise  # no permission, a disk at fault: the store itself may be sound
        aside = path.with_name(f"{path.name}.damaged")
        os.replace(path, aside)
        raise DamagedStore(
            f"{path}: damaged or half-written store ({type(error).__name__}: {error}); moved to {aside.name}, the next run makes it again"
        ) from error
    return dataset
