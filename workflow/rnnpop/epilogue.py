"""What a finished run says at its end: which networks met the criterion, what recordings say, where results are. Standard library only."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

#: As many names as a reader takes in; the others are in the table.
_NAMED = 20


def tell(results: str | Path, studies: Mapping[str, str], recordings: Iterable[str] = ()) -> str:
    """A paragraph for each study that has a summary: counts by cell, the networks that failed, where figures and tables are; then the text
    of each of the user's recordings that has one, which says what scores do not say as well; then the page that leads to all pages.

    Args:
        studies: name of each study -> its own learner; others are its controls, and are not told of.
        recordings: their names.
    """
    lines = [line for study, own in studies.items() for line in _of_study(Path(results, study), own)]
    texts = [Path(results, "recordings", f"{name}.txt") for name in recordings]
    index = Path(results, "atlas.html")
    look = [f"\nTo look at all of it, open in a browser: {index}"] if index.exists() else []
    return "\n".join([*lines, *(f"\n{text.read_text()}" for text in texts if text.exists()), *look])


def _of_study(folder: Path, own: str) -> list[str]:
    if not (folder / "summary.csv").exists():
        return []
    with (folder / "summary.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["learner"] == own]
    mine: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        mine.setdefault(row["network"].rsplit("/", 1)[0], []).append(row)
    failed = [row for row in rows if row["status"] != "ok"]
    said = "networks that are watched have students" if rows and "teacher_score" in rows[0] else "trained networks met the criterion"
    lines = ["", f"{folder.name}: {len(rows) - len(failed)} of {len(rows)} {said}"]
    lines += [f"  {name:<32} {sum(row['status'] == 'ok' for row in own)} of {len(own)}" for name, own in mine.items()]
    lines += [f"  {row['status']}: {row['network']}" for row in failed[:_NAMED]]
    lines += [f"  ... and {len(failed) - _NAMED} more; see status in {folder / 'summary.csv'}"] if len(failed) > _NAMED else []
    found = [("page", folder / "atlas.html"), ("networks", folder / "summary.csv"), ("claims", folder / "claims.csv")]
    found += [("figure", figure) for figure in sorted(folder.glob("**/figures/*.pdf"))]
    return lines + [f"  {what:<9} {path}" for what, path in found if path.exists()]
