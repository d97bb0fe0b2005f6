"""Stores: equal content is equal bytes, what is saved is what is loaded, and damage is found, named and moved aside."""

import numpy as np
import pytest
import xarray as xr

from rnnpop import names, store
from rnnpop.names import variable


def distances(values: np.ndarray) -> xr.Dataset:
    labels = [f"flip_flop/gru-tanh/adam/{i:05d}" for i in range(len(values))]
    coords = {"network": labels, "partner": ("partner", labels), "status": ("network", ["ok"] * len(labels))}
    return xr.Dataset({"distance": variable(("network", "partner"), values, "distance")}, coords)


@pytest.fixture
def dataset():
    return distances(np.arange(9.0).reshape(3, 3))


def test_what_is_saved_is_loaded(dataset, tmp_path):
    store.save(dataset, tmp_path / "a.zarr.zip", "compare", seed=1, config={"b": 1, "a": 2})
    loaded = store.load(tmp_path / "a.zarr.zip")
    xr.testing.assert_equal(loaded, dataset)
    assert loaded["distance"].attrs == dataset["distance"].attrs
    assert loaded.attrs["stage"] == "compare"
    assert loaded.attrs["config"] == '{"a": 2, "b": 1}'


def test_loaded_texts_can_be_sorted_compared_and_saved_again(dataset, tmp_path):
    store.save(dataset, tmp_path / "a.zarr.zip", "compare")
    loaded = store.load(tmp_path / "a.zarr.zip")
    assert np.sort(loaded["network"].values.astype(str))[0] == "flip_flop/gru-tanh/adam/00000"
    store.save(loaded.drop_attrs(deep=False), tmp_path / "b.zarr.zip", "compare")
    assert (tmp_path / "a.zarr.zip").read_bytes() == (tmp_path / "b.zarr.zip").read_bytes()


def test_equal_content_is_equal_bytes(dataset, tmp_path):
    for name in ("a", "b"):
        store.save(dataset, tmp_path / f"{name}.zarr.zip", "compare", config={"x": 1})
    assert (tmp_path / "a.zarr.zip").read_bytes() == (tmp_path / "b.zarr.zip").read_bytes()


@pytest.mark.parametrize("values", [np.zeros((0, 0)), np.full((2, 2), np.nan)])
def test_empty_and_undefined_numbers_are_kept(values, tmp_path):
    store.save(distances(values), tmp_path / "a.zarr.zip", "compare")
    np.testing.assert_array_equal(store.load(tmp_path / "a.zarr.zip")["distance"].values, values)


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _flip(content: bytes) -> bytes:
    place = content.index(name := b"distance/c/0/0") + len(name) + 4  # in the chunk, which follows its name
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


@pytest.mark.parametrize("harm", [_cut, _flip, lambda _: b"", lambda _: b"not a zip"], ids=["cut", "flipped", "empty", "foreign"])
def test_damage_is_named_and_moved_aside(dataset, tmp_path, harm):
    path = tmp_path / "a.zarr.zip"
    store.save(dataset, path, "compare")
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(store.DamagedStore, match=r"a\.zarr\.zip"):
        store.load(path)
    assert not path.exists()
    assert (tmp_path / "a.zarr.zip.damaged").exists()


def test_a_bit_that_is_turned_is_found_or_changes_no_number(dataset, tmp_path):
    """`check` finds each, in the frame of the archive too; `load` lets none pass that would change what is read."""
    path = tmp_path / "a.zarr.zip"
    store.save(dataset, path, "compare")
    content, chance = path.read_bytes(), np.random.default_rng(0)
    store.check(path)
    for place in chance.integers(len(content), size=100):
        path.write_bytes(content[:place] + bytes([content[place] ^ (1 << int(chance.integers(8)))]) + content[place + 1 :])
        try:
            xr.testing.assert_identical(store.load(path).drop_attrs(), dataset.drop_attrs())
        except store.DamagedStore:
            continue
        with pytest.raises(store.DamagedStore, match=r"a\.zarr\.zip"):
            store.check(path)


def test_an_archive_without_a_store_is_damage(tmp_path):
    """Its reader says that there is no such file; there is."""
    (tmp_path / "a.zarr.zip").write_bytes(b"PK\5\6" + bytes(18))
    with pytest.raises(store.DamagedStore, match=r"a\.zarr\.zip"):
        store.load(tmp_path / "a.zarr.zip")


def test_a_store_that_cannot_be_read_is_left_where_it_is(dataset, tmp_path, monkeypatch):
    store.save(dataset, tmp_path / "a.zarr.zip", "compare")

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied", "a.zarr.zip")

    monkeypatch.setattr(store.zipfile, "ZipFile", refused)
    with pytest.raises(PermissionError):
        store.load(tmp_path / "a.zarr.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr.zip"]


def test_a_full_disk_leaves_no_part(dataset, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.zipfile.ZipFile, "writestr", full)
    with pytest.raises(OSError, match="No space"):
        store.save(dataset, tmp_path / "a.zarr.zip", "compare")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_save_leaves_nothing_in_the_place_of_the_store(dataset, tmp_path):
    with pytest.raises(names.SchemaError, match="distance"):
        store.save(dataset.rename(distance="length"), tmp_path / "a.zarr.zip", "compare")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_store_is_not_a_damaged_one(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"a\.zarr\.zip"):
        store.load(tmp_path / "a.zarr.zip")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda d: d.drop_vars("distance"), "'distance' is missing"),
        (lambda d: d.transpose("partner", "network"), "has dimensions"),
        (lambda d: d.drop_vars("partner"), "'partner'"),
        (lambda d: d.assign(more=variable(("trials",), np.zeros(2), "x")), "'trials' is not a dimension"),
        (lambda d: d.assign(more=("network", np.zeros(3))), "lacks units or long_name"),
    ],
)
def test_the_schema_names_what_is_wrong(dataset, spoil, said):
    with pytest.raises(names.SchemaError, match=said):
        names.check(spoil(dataset), "compare")
