"""Fit students to one recording of the user's own, and write what they say and do not say."""

from pathlib import Path
from typing import Any

import numpy as np
import zarr

from rnnpop import variants
from rnnpop.stages.diagnose import RecordingError, diagnose, recording


def diagnose_recording(
    file: str,
    input: str | None,
    scores: str,
    text: str,
    tables: dict[str, str],
    *,
    name: str,
    entry: dict[str, Any],
    students: dict[str, dict[str, Any]],
    seed: int,
) -> str:
    """Read, fit and write; the text goes to the log, too.

    Args:
        file: `.npy`, `.zarr` or `.zarr.zip`.
        input: the same, of known inputs.
        tables: files of `eigenvalues`, `correlations` and `subsamples`.
        entry: of config.yaml, under `recordings`.
        students: entries of learners, by name.
    """
    seen = recording(
        opened(file, entry.get("array")),
        opened(input, entry.get("input_array")) if input else None,
        leak=entry["leak"] if "leak" in entry else entry["dt"] / entry.get("tau", 1.0),
        activation=entry.get("activation", "identity"),
        form=entry.get("form", "current"),
        centre=entry.get("centre", True),
        name=file,
        input_name=input or "",
    )
    found = diagnose(seen, {called: variants.load("learners", student) for called, student in students.items()}, name=name, seed=seed)
    Path(text).parent.mkdir(parents=True, exist_ok=True)
    Path(text).write_text(found.text)
    for path, table in {scores: found.scores, **{path: getattr(found, called) for called, path in tables.items()}}.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(path, index=False, float_format="%.10g", lineterminator="\n")
    print(found.text)
    best = found.scores["line_attractor_score"].max()
    return f"{len(students)} students of {seen.states.shape[2]} units, highest line-attractor score {best:.2f}; what that means: {text}"


def opened(file: str, array: str | None) -> np.ndarray:
    """The array in a file, without unpickling anything.

    Raises:
        RecordingError: where the file holds no array, or not the one that is named.
    """
    if file.endswith(".npy"):
        try:
            loaded = np.load(file, allow_pickle=False)
        except (ValueError, EOFError) as error:
            raise RecordingError(
                f"{file}: an array of numbers as numpy.save writes it is expected ({str(error).splitlines()[0]})"
            ) from None
        return np.asarray(loaded)
    try:
        held = zarr.open(zarr.storage.ZipStore(file, mode="r") if file.endswith(".zip") else file, mode="r")
        if isinstance(held, zarr.Group):
            known = ", ".join(sorted(name for name, _ in held.arrays())) or "none"
            if array is None or array not in held or not isinstance(held[array], zarr.Array):
                raise RecordingError(f"{file}: `array` is expected to name an array in it, got {array!r}; there are: {known}")
            held = held[array]
        return np.asarray(held[...])
    except (RecordingError, PermissionError):
        raise
    except Exception as error:  # whatever zarr and codecs raise on what is no array, on altered bytes, and on those that would be unpickled
        said = str(error).splitlines() or [type(error).__name__]
        raise RecordingError(f"{file}: a zarr array or group is expected ({said[0]})") from None


if "snakemake" in globals():
    import _job

    _job.run(
        snakemake,
        diagnose_recording,
        file=snakemake.input.file,
        input=snakemake.input.get("given"),
        scores=snakemake.output.scores,
        text=snakemake.output.text,
        tables={name: snakemake.output[name] for name in ("eigenvalues", "correlations", "subsamples")},
        name=snakemake.wildcards.recording,
        entry=snakemake.params.entry,
        students=snakemake.params.students,
        seed=snakemake.params.seed,
    )
