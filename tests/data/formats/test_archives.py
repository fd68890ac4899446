"""Files in archives are read where they lie, in any order, and nothing is written by their names."""

import io
import tarfile
import zipfile

import pytest

from weft.data.formats import archives
from weft.data.formats.archives import archive_of, members
from weft.errors import InputError

FILES = {"a/1.png": b"one", "./a/2.png": b"two" * 1000, "猫/三.png": "三".encode()}


def packed(folder, suffix):
    """An archive with some files, a link and a path that leads out of it."""
    path = folder / f"images{suffix}"
    if suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in FILES.items():
                archive.writestr(name, content)
        return path
    mode = {".tar": "w", ".tar.gz": "w:gz", ".tgz": "w:gz", ".tar.xz": "w:xz", ".tar.bz2": "w:bz2"}[suffix]
    with tarfile.open(path, mode) as archive:
        for name, content in {**FILES, "../../out.png": b"out"}.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return path


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".zip"])
def test_members_are_read_in_any_order(tmp_path, suffix):
    path = packed(tmp_path, suffix)
    found = members(str(path))
    for name, content in reversed([*FILES.items()]):
        name = name.removeprefix("./")
        assert found.read(name) == content
        assert found.names[name] == len(content)
        place = archive_of(f"{path}/{name}")
        assert (place.archive, place.member) == (str(path), name)
    assert "link.png" not in found.names
    with pytest.raises(InputError, match="no such file in the archive"):
        found.read("a/3.png")
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_path_that_only_looks_like_one_leads_into_no_archive(tmp_path):
    (tmp_path / "data.zip").mkdir()
    assert archive_of(str(tmp_path / "data.zip/1.png")) is None
    assert archive_of("plain/1.png") is None


@pytest.mark.parametrize("name", ["cut.tar.xz", "cut.zip", "text.tar"])
def test_a_damaged_archive_is_named(tmp_path, name):
    suffix = name[name.index(".") :]
    content = b"this is no archive" if name.startswith("text") else packed(tmp_path, suffix).read_bytes()[:60]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match="damaged archive"):
        members(str(tmp_path / name))


@pytest.mark.parametrize("suffix", [".tar", ".zip"])
def test_what_unpacks_to_too_much_is_refused(tmp_path, suffix, monkeypatch):
    monkeypatch.setattr(archives, "MOST_IN_A_MEMBER", 100)
    with pytest.raises(InputError, match="unpacks to 3,000 bytes, expected at most 100"):
        members(str(packed(tmp_path, suffix)))


def test_an_archive_that_changes_is_opened_anew(tmp_path):
    path = packed(tmp_path, ".zip")
    assert "a/1.png" in members(str(path)).names
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("b.png", b"new")
    assert [*members(str(path)).names] == ["b.png"]
