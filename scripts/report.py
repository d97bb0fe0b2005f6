"""Make the report: figures, tables, captions, rules and run times in one page that opens without a network."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any


def make_report(report: str, *, config: dict[str, Any], snakefile: str) -> str:
    """Have Snakemake make it, from the metadata of the jobs that are done; says where it is."""
    with tempfile.TemporaryDirectory() as folder:
        same_config = Path(folder, "config.json")
        same_config.write_text(json.dumps(config))
        words = ["--snakefile", snakefile, "--configfile", str(same_config), "--report", report, "--nolock"]
        # the run that this job belongs to holds the lock of the folder, and waits for it
        done = subprocess.run([sys.executable, "-m", "snakemake", *words], capture_output=True, text=True, check=False)
    print(done.stdout, done.stderr, sep="\n")
    if done.returncode:
        raise RuntimeError(f"snakemake --report ended with {done.returncode}")
    return report


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        make_report,
        report=snakemake.output.report,
        config=snakemake.params.config,
        snakefile=str(Path(snakemake.scriptdir).parent / "Snakefile"),
    )
