"""Draw one figure, and write the numbers of its panels."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import _origin
import pandas as pd

from rnnpop import store, variants


def draw_figure(stores: dict[str, Any], pdf: str, png: str, tables: str, *, figure: dict[str, Any], provenance: Mapping[str, Any]) -> str:
    """Draw and write, each with what it comes from.

    Args:
        stores: name of each store the figure reads -> its file, or files in a list or by name.
        tables: folder of the panels' CSV files.
    """
    drawing = variants.load("figures", figure).draw({name: opened(files) for name, files in stores.items()})
    origin = _origin.print_of(provenance)
    Path(pdf).write_bytes(drawing.render("pdf", origin))
    Path(png).write_bytes(drawing.render("png", origin))
    Path(tables).mkdir(parents=True, exist_ok=True)
    for panel, table in drawing.tables.items():
        table.to_csv(Path(tables, f"{panel}.csv"), index=False, float_format="%.10g", lineterminator="\n")
    _origin.write(Path(tables, "csv-metadata.json"), [Path(tables, f"{panel}.csv") for panel in drawing.tables], provenance)
    return f"{pdf}, and the numbers of its panels in {tables}/"


def opened(files: Any) -> Any:
    """The stores in the same arrangement as their files."""
    if isinstance(files, dict):
        return {name: store.load(path) for name, path in files.items()}
    if isinstance(files, str):
        return pd.read_csv(files) if files.endswith(".csv") else store.load(files)
    return [store.load(path) for path in files]


if "snakemake" in globals():
    import _job

    stores = dict(snakemake.input.items())
    for name, keys in (("atlas", snakemake.params.measures), ("controls", snakemake.params.controls)):
        if name in stores:
            stores[name] = dict(zip(keys, snakemake.input.get(name), strict=True))
    stores.pop("metadata", None)  # what tables come from is read where it is looked for, beside them
    _job.run(
        snakemake,
        draw_figure,
        stores=stores,
        pdf=snakemake.output.pdf,
        png=snakemake.output.png,
        tables=snakemake.output.tables,
        figure=snakemake.params.figure,
        provenance=_job.provenance(snakemake),
    )
