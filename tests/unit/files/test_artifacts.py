import numpy as np
import pandas as pd
import pytest

from synthaug.errors import InputError
from synthaug.files import artifacts


def test_identifiers_stay_text_and_numbers_numbers(tmp_path):
    table = pd.DataFrame(
        {
            "lesion": ["007", "NA", "null"],
            "size": ["0", "50", ""],
            "folds": ["12", "02", "01"],
            "value": [1.5, np.nan, 3],
        }
    )
    artifacts.write_csv(table, tmp_path / "table.csv")
    again = artifacts.read_csv(tmp_path / "table.csv")
    assert again["lesion"].tolist() == ["007", "NA", "null"]
    assert again["size"].tolist() == ["0", "50", ""]
    assert again["folds"].tolist() == ["12", "02", "01"]
    np.testing.assert_array_equal(again["value"], [1.5, np.nan, 3])


def test_a_failed_write_leaves_nothing(tmp_path):
    (tmp_path / "a.txt").write_text("before")

    def write_half():
        with artifacts.replacing(tmp_path / "a.txt") as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "before"


def test_a_folder_is_replaced_as_a_whole_or_not_at_all(tmp_path):
    for content in ("old", "new"):
        with artifacts.replacing_folder(tmp_path / "a/b") as folder:
            (folder / content).touch()
        assert [path.name for path in (tmp_path / "a/b").iterdir()] == [content]

    def write_half():
        with artifacts.replacing_folder(tmp_path / "a/b") as folder:
            (folder / "half").touch()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]
    assert [path.name for path in (tmp_path / "a/b").iterdir()] == ["new"]


def test_truncated_array_is_named(tmp_path):
    artifacts.write_array(np.arange(100), tmp_path / "a.npy")
    (tmp_path / "a.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:200])
    with pytest.raises(InputError, match=r"a\.npy: expected a NumPy array"):
        artifacts.read_array(tmp_path / "a.npy")


def test_arrays_are_written_to_the_same_bytes(tmp_path):
    arrays = {"file": np.arange(5), "a": np.ones((2, 2), np.float32)}
    for name in ("one.npz", "two.npz"):
        artifacts.write_arrays(arrays.items(), tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    with np.load(tmp_path / "one.npz") as loaded:
        assert list(loaded) == ["file", "a"]
        np.testing.assert_array_equal(loaded["file"], np.arange(5))


def test_an_array_in_parts_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "a.npy"
    with artifacts.array_in_parts(path, (3, 2), np.uint8) as append:
        append(np.array([[0, 1], [2, 3]], np.uint8))
        append(np.array([[4, 5]], np.uint8))
        assert not path.exists()
    np.save(tmp_path / "b.npy", np.arange(6, dtype=np.uint8).reshape(3, 2))
    assert path.read_bytes() == (tmp_path / "b.npy").read_bytes()
    for wrong in (np.zeros((3, 2)), np.zeros((3, 3), np.uint8), np.zeros((2, 2), np.uint8)):
        with pytest.raises(ValueError, match="expected"), artifacts.array_in_parts(path, (3, 2), np.uint8) as append:
            append(wrong)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.npy", "b.npy"]
    assert artifacts.read_array(path).tolist() == [[0, 1], [2, 3], [4, 5]]  # the whole one is still there


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path):
    token = "0123456789abcdef" * 2
    remains = [f".table.{token}.csv"]
    others = [f".other.{token}.csv", f".table.{token}.npy", f".table.x.{token}.csv"]
    for name in [*remains, *others, "table.123.csv"]:
        (tmp_path / name).touch()
    artifacts.write_csv(pd.DataFrame({"a": [1]}), tmp_path / "table.csv")
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [*others, "table.123.csv", "table.csv"]


def test_the_last_one_to_start_writes(tmp_path):
    """An orphan that is still writing when its successor begins."""
    orphan = artifacts.replacing(tmp_path / "a.txt")
    temporary = orphan.__enter__()
    temporary.write_text("orphan")
    temporary.rename(tmp_path / f".a.{'f' * 32}.txt")  # as if of another process
    with artifacts.replacing(tmp_path / "a.txt") as successor:
        successor.write_text("successor")
    with pytest.raises(FileNotFoundError):
        orphan.__exit__(None, None, None)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "successor"


def test_a_table_in_parts_is_the_table(tmp_path):
    table = pd.DataFrame({"lesion": ["a", "b", "c,d"], "rank": [0, 1, 2], "shift_x_px": [0.1, np.nan, 1e-7]})
    with artifacts.csv_in_parts(tmp_path / "parts.csv") as append:
        for rows in [slice(0, 2), slice(2, 2), slice(2, 3)]:
            append(table[rows])
        assert not (tmp_path / "parts.csv").exists()
    artifacts.write_csv(table, tmp_path / "whole.csv")
    assert (tmp_path / "parts.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    ranks = artifacts.read_csv(tmp_path / "parts.csv", columns=["rank", "lesion"])
    pd.testing.assert_frame_equal(ranks, artifacts.read_csv(tmp_path / "whole.csv")[["lesion", "rank"]])


@pytest.mark.parametrize(
    "other", [{"lesion": ["b"], "rank": [0.5]}, {"rank": [1], "lesion": ["b"]}], ids=["type", "order"]
)
def test_parts_of_a_table_have_the_same_columns(tmp_path, other):
    parts = [pd.DataFrame({"lesion": ["a"], "rank": [0]}), pd.DataFrame(other)]

    def write():
        with artifacts.csv_in_parts(tmp_path / "parts.csv") as append:
            for part in parts:
                append(part)

    with pytest.raises(ValueError, match="expected columns"):
        write()
    assert not list(tmp_path.iterdir())
