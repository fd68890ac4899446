"""Files that are never half there: whole, or as they were."""

import errno
import hashlib
import os

import pytest
from safetensors import SafetensorError

from weft.errors import RunFolderError
from weft.files import placed, read_json, sha256, small_text, sweep, write_json, write_text, written, written_folder


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


def test_what_a_killed_process_left_is_swept_and_nothing_else(tmp_path):
    killed = [written_folder(tmp_path / "run"), written(tmp_path / "评语.txt")]
    for process in killed:
        process.__enter__()  # and is never left
    mine = [".mine.part", ".run.12.part", "run.0123456789abcdef.part", ".git"]
    for name in mine:
        (tmp_path / name).mkdir()
    assert len(names(tmp_path)) == len(mine) + 2
    sweep(tmp_path)
    assert names(tmp_path) == sorted(mine)


def test_temporary_names_cannot_be_guessed_and_a_link_is_never_followed(tmp_path, monkeypatch):
    victim = tmp_path / "victim.txt"
    victim.write_text("不要动", encoding="utf-8")
    tokens = iter(["a" * 16, "a" * 16, "b" * 16])
    monkeypatch.setattr("weft.files.secrets.token_hex", lambda _: next(tokens))
    (tmp_path / f".a.txt.{'a' * 16}.part").symlink_to(victim)
    (tmp_path / f".run.{'a' * 16}.part").symlink_to(tmp_path)
    with pytest.raises(FileExistsError):
        write_text(tmp_path / "a.txt", "stolen")
    with pytest.raises(FileExistsError), written_folder(tmp_path / "run"):
        pass
    write_text(tmp_path / "a.txt", "good 好")
    assert victim.read_text(encoding="utf-8") == "不要动"
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "good 好"


def test_a_link_is_replaced_and_what_it_points_to_stays(tmp_path):
    for name in ("there", "there.txt"):
        (tmp_path / name).mkdir()
        (tmp_path / f"to-{name}").symlink_to(tmp_path / name)
        with written_folder(tmp_path / f"to-{name}") as folder:
            (folder / "a.txt").touch()
        assert names(tmp_path / f"to-{name}") == ["a.txt"]
        assert names(tmp_path / name) == []


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_files_have_the_permissions_that_the_mask_leaves(tmp_path, mask):
    def library(path):
        path.write_bytes(b"weights")
        path.chmod(0o644)

    before = os.umask(mask)
    try:
        write_text(tmp_path / "a.txt", "good 好")
        with placed(tmp_path / "b.bin") as part:
            library(part)
        with written_folder(tmp_path / "run"):
            pass
    finally:
        os.umask(before)
    modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in names(tmp_path)}
    assert modes == {"a.txt": 0o666 & ~mask, "b.bin": 0o666 & ~mask, "run": 0o777 & ~mask}


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
        Exception("No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_an_error_of_the_system_and_leaves_the_file_as_it_was(tmp_path, error):
    for write in (placed, written_folder):
        with pytest.raises(OSError, match="No space left on device") as caught, write(tmp_path / "评语"):
            raise error
        assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(tmp_path / "评语"))
        assert names(tmp_path) == []


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"好":' * 2000 + "1" + "}" * 2000, "[" * 101 + "]" * 101, "{", "1" * 5000]
)
def test_damaged_json_is_an_error_of_the_folder(tmp_path, text):
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    with pytest.raises(RunFolderError, match="is damaged"):
        read_json(tmp_path / "a.json")


def test_json_of_another_encoding_or_too_large_is_an_error_of_the_folder(tmp_path):
    (tmp_path / "a.json").write_bytes('["好"]'.encode("gbk"))
    with pytest.raises(RunFolderError, match="is damaged"):
        read_json(tmp_path / "a.json")
    (tmp_path / "a.json").write_text("[" + " " * 1000 + "]")
    with pytest.raises(ValueError, match="has 1,002 bytes"):
        small_text(tmp_path / "a.json", most=1000)
    with pytest.raises(RunFolderError, match="is missing"):
        read_json(tmp_path / "b.json")


def test_json_and_its_hash(tmp_path):
    path = tmp_path / "a.json"
    value = {"标签": ["好", 1, 0.5, None, True], "nested": {"a": "don't"}}
    write_json(path, value)
    assert read_json(path) == value
    assert "标签" in path.read_text(encoding="utf-8")
    assert path.read_bytes().endswith(b"}\n")
    assert sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()
