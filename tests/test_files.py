"""Files that are never half there: whole, or as they were."""

import hashlib
import os

import pytest

from weft.files import read_json, sha256, write_json, write_text, written, written_folder


class Stop(Exception):
    pass


def stop_after(count):
    """Ends a block by an error once so many characters are written."""
    assert count
    raise Stop


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole_when_the_block_ends(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with written(path) as file:
        file.write("好\n")
        assert not path.exists()
        file.write("good\n")
    assert path.read_bytes() == "好\ngood\n".encode()
    assert names(path.parent) == ["a.txt"]


@pytest.mark.parametrize("before", [None, "as it was 原样"])
def test_an_error_leaves_the_file_as_it_was(tmp_path, before):
    path = tmp_path / "a.txt"
    if before is not None:
        path.write_text(before, encoding="utf-8")
    with pytest.raises(Stop), written(path) as file:
        stop_after(file.write("half"))
    assert names(tmp_path) == ([] if before is None else ["a.txt"])
    assert before is None or path.read_text(encoding="utf-8") == before


def test_a_text_that_cannot_be_written_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "很好")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud83d")
    assert path.read_text(encoding="utf-8") == "很好"
    assert names(tmp_path) == ["a.txt"]


def test_a_file_is_replaced_whole(tmp_path):
    write_text(tmp_path / "a.txt", "a long first text")
    write_text(tmp_path / "a.txt", "短")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "短"
    assert names(tmp_path) == ["a.txt"]


def test_a_folder_appears_whole_when_the_block_ends(tmp_path):
    path = tmp_path / "runs" / "first"
    with written_folder(path) as folder:
        (folder / "inner").mkdir()
        (folder / "inner" / "a.txt").write_text("好", encoding="utf-8")
        assert not path.exists()
        assert folder.parent == path.parent  # one file system: renaming is atomic
    assert (path / "inner" / "a.txt").read_text(encoding="utf-8") == "好"
    assert names(path.parent) == ["first"]


@pytest.mark.parametrize("stood", [False, True])
def test_an_error_leaves_the_folder_as_it_was(tmp_path, stood):
    path = tmp_path / "run"
    if stood:
        path.mkdir()
        (path / "old.txt").write_text("old", encoding="utf-8")
    with pytest.raises(Stop), written_folder(path) as folder:
        stop_after((folder / "new.txt").write_text("half", encoding="utf-8"))
    assert names(tmp_path) == (["run"] if stood else [])
    assert not stood or names(path) == ["old.txt"]


def test_a_folder_is_replaced_whole(tmp_path):
    for name in ("old.txt", "new.txt"):
        with written_folder(tmp_path / "run") as folder:
            (folder / name).touch()
    assert names(tmp_path / "run") == ["new.txt"]
    assert names(tmp_path) == ["run"]


def test_what_a_killed_process_left_is_not_in_the_folder(tmp_path):
    left = tmp_path / f".run.{os.getpid()}.part"
    left.mkdir()
    (left / "half.txt").touch()
    with written_folder(tmp_path / "run") as folder:
        (folder / "whole.txt").touch()
    assert names(tmp_path / "run") == ["whole.txt"]
    assert names(tmp_path) == ["run"]


def test_json_and_its_hash(tmp_path):
    path = tmp_path / "a.json"
    value = {"标签": ["好", 1, 0.5, None, True], "nested": {"a": "don't"}}
    write_json(path, value)
    assert read_json(path) == value
    assert "标签" in path.read_text(encoding="utf-8")
    assert path.read_bytes().endswith(b"}\n")
    assert sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()
