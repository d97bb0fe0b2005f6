"""Pack what figures, claims and recipes are made from into one file, with the config that it was made with."""

import json
import os
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rnnpop import names, store

#: Stages in an order in which each comes after those that it reads: a contrast asks what networks do, which stands in the summary.
_ORDER = [*(stage for stage in names.SCHEMAS if stage != "contrast"), "contrast"]


def pack(files: Iterable[str], archive: str, *, config: dict[str, Any], generations: Mapping[str, int]) -> str:
    """Read every store whole, so that no damaged one is packed, and write the archive; says how large it is.

    Members stand in the order in which they were made, so that what is unpacked is never older than what it was made from, and nothing is
    made again. They have a fixed date: equal results give equal bytes.

    Args:
        files: stores and other files, as their paths are to be found again.
        archive: the zip file.
        generations: of each study, how many stand between it and one without teachers: students come after their teachers' sessions.

    Raises:
        DamagedStore: naming the first store that cannot be read.
    """
    stores = {path: store.load(path).attrs["stage"] for path in files if path.endswith(".zarr.zip")}
    others = sorted(path for path in files if path not in stores)
    ordered = [*sorted(stores, key=lambda path: (generations.get(Path(path).parts[1], 0), _ORDER.index(stores[path]), path)), *others]
    part = f"{archive}.part"
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as packed:
        for path in ordered:
            packed.writestr(_member(path), Path(path).read_bytes())
        packed.writestr(_member("results/config.json"), json.dumps(config, indent=2) + "\n")
    os.replace(part, archive)
    return f"{len(stores)} stores and {len(others)} other files in {archive}, {os.path.getsize(archive) / 1e6:.1f} MB"


def _member(path: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0))


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        pack,
        files=sorted(set(snakemake.input)),
        archive=snakemake.output.archive,
        config=snakemake.params.config,
        generations=snakemake.params.generations,
    )
