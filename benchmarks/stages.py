"""Time and memory of a finished run, by stage: from what Snakemake recorded of every job under results/benchmarks.

    ./run bench stages [results/benchmarks]

Wall seconds are summed over jobs (start-up of the interpreter included), so that two cores at work for a minute make 120. CPU
seconds are sampled by Snakemake and miss the last moment of short jobs. Memory is the largest resident set of a stage's jobs. The
last line sets the jobs against the time from the first one's start to the last one's end: what is left of the cores' time is
Snakemake's own share, and cores without a job at the end of a chapter.
"""

from __future__ import annotations

import csv
import os
import sys
from collections import defaultdict
from pathlib import Path


def stage(path: Path, root: Path) -> str:
    """The stage of a benchmark file, and the measure or figure that it is of."""
    parts = path.relative_to(root).with_suffix("").parts
    for name in ("represent", "compare", "arrange", "draw"):
        if name in parts:
            return f"{name} {parts[parts.index(name) + 1]}"
    return parts[-1]


def main(root: Path) -> None:
    if not (files := sorted(root.rglob("*.tsv"))):
        sys.exit(f"{root}: no job has been recorded here")
    rows = defaultdict(list)
    for file in files:
        with file.open(newline="") as stream:
            for row in csv.DictReader(stream, delimiter="\t"):
                number = {key: float(row[key]) if row[key] not in ("NA", "-", "") else 0.0 for key in ("s", "max_rss", "cpu_time")}
                rows[stage(file, root)].append((number["s"], number["cpu_time"], number["max_rss"], file.stat().st_mtime))
    print(f"{'stage':<28} {'jobs':>5} {'wall s':>9} {'CPU s':>9} {'peak MB':>8}")
    for name, jobs in sorted(rows.items(), key=lambda item: min(job[3] for job in item[1])):
        wall, cpu, memory, _ = zip(*jobs, strict=True)
        print(f"{name:<28} {len(jobs):>5} {sum(wall):>9.1f} {sum(cpu):>9.1f} {max(memory):>8.0f}")
    every = [job for jobs in rows.values() for job in jobs]
    spent, start, end = sum(job[0] for job in every), min(job[3] - job[0] for job in every), max(job[3] for job in every)
    cores = len(os.sched_getaffinity(0))
    idle = 100 * (1 - spent / cores / (end - start))
    print(f"{len(every)} jobs, {spent:.0f} s of {cores} cores in {end - start:.0f} s: {idle:.1f} % without a job")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "results/benchmarks"))
