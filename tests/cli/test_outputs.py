"""Results: every column is kept, what was written is said, and what is no regular file is written into."""

import csv
import io
import json
import os
import stat
import threading
from pathlib import Path

import pytest

from tests.data.tables import written
from weft.cli.outputs import Output, opened
from weft.errors import InputError

ROWS = [("7", "2026-11-01", "味道很好，下次再来"), ("8", "2026-11-02", 'a dull story, "badly" told')]


@pytest.fixture
def new(model):
    with Path("new.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "date", "评论"), *ROWS])
    return "new.csv"


def table(name, encoding="utf-8"):
    with Path(name).open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def test_all_columns_of_a_table_are_kept(weft, new):
    said = weft("predict", "model", new, "--output", "out.csv")
    assert said.code == 0, said
    assert "wrote 2 rows to out.csv (utf-8)" in said.err
    found = table("out.csv")
    assert [(row["id"], row["date"], row["评论"]) for row in found] == ROWS
    assert list(found[0]) == ["id", "date", "评论", "answer", "probability", "line"]
    lines = [json.loads(line) for line in weft("predict", "model", new).out.splitlines()]
    assert [row["answer"] for row in lines] == [row["answer"] for row in found]
    assert [(row["id"], row["date"], row["评论"]) for row in lines] == ROWS


def test_values_of_json_lines_stay_what_they_are(weft, model):
    rows = [{"text": "好 good", "n": 1.50, "big": 12345678901234567890, "tags": ["a", 2], "answer": None, "ok": True},
            {"text": "bad", "more": {"x": 1}}]  # fmt: skip
    written(Path(), "".join(json.dumps(row) + "\n" for row in rows), "new.jsonl")
    said = weft("predict", "model", "new.jsonl")
    found = [json.loads(line) for line in said.out.splitlines()]
    assert [{name: row.get(name) for name in ("text", "n", "big", "tags", "ok")} for row in found] == [
        {name: row.get(name) for name in ("text", "n", "big", "tags", "ok")} for row in rows
    ]
    assert (found[0]["answer_in_file"], found[1]["more"]) == (None, {"x": 1})
    assert found[0]["answer"] in ("neg", "pos")
    said = weft("predict", "model", "new.jsonl", "--format", "csv")
    assert "the first row does not have them: `more`" in said.err
    assert next(csv.DictReader(io.StringIO(said.out)))["tags"] == '["a", 2]'


def test_rows_that_are_left_out_shift_nothing(weft, model):
    written(Path(), "id,text\n1,好 good\n2,\n3,bad\n4\n5,fine\n", "new.csv")
    found = [json.loads(line) for line in weft("predict", "model", "new.csv", "--on-bad-row", "skip").out.splitlines()]
    assert [(row["id"], row["text"], row["line"]) for row in found] == [
        ("1", "好 good", 2), ("3", "bad", 4), ("5", "fine", 6)
    ]  # fmt: skip


def test_a_file_that_is_there_is_replaced_only_when_that_is_asked(weft, refused, new):
    Path("out.csv").write_text("mine", encoding="utf-8")
    refused("predict", "model", new, "--output", "out.csv", says=("out.csv: is there already", "--overwrite"))
    assert Path("out.csv").read_text(encoding="utf-8") == "mine"
    assert weft("predict", "model", new, "--output", "out.csv", "--overwrite").code == 0
    assert len(table("out.csv")) == 2


@pytest.mark.parametrize("name", ["ans.xlsx", "答.tsv", "ans.PARQUET", "答.conll"])
def test_a_form_that_is_not_written_is_refused_before_any_work(refused, new, name):
    refused("predict", "model", new, "--output", name, says=("files are written", f"name it {name.split('.')[0]}.csv"))
    assert not Path(name).exists()


def test_the_encoding_of_the_output(weft, refused, new):
    weft("predict", "model", new, "--output", "out.csv", "--output-encoding", "utf-8-sig")
    assert Path("out.csv").read_bytes().startswith(b"\xef\xbb\xbfid,")
    weft("predict", "model", new, "--output", "gbk.csv", "--output-encoding", "gbk")
    assert table("gbk.csv", "gbk")[0]["评论"] == ROWS[0][2]
    written(Path(), "text\n👍 好\n", "emoji.csv")
    call = ("predict", "model", "emoji.csv", "--output", "a.csv", "--output-encoding")
    refused(*call, "gbk", says=("a.csv: `👍` cannot be written in gbk", "utf-8-sig"))
    refused(*call, "utf-9", says=("there is no encoding `utf-9`", "did you mean `utf-8`?"))
    assert not Path("a.csv").exists()


# what is no regular file


def test_a_link_is_followed(tmp_path):
    (tmp_path / "target.txt").write_text("old", encoding="utf-8")
    (tmp_path / "link.txt").symlink_to("target.txt")
    with opened(Output(str(tmp_path / "link.txt"))) as file:
        file.write("好\n")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "target.txt").read_text(encoding="utf-8") == "好\n"


def test_a_pipe_is_written_into(tmp_path):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    with opened(Output(str(pipe))) as file:
        file.write("好\n")
    reader.join(timeout=10)
    assert read == ["好\n"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_device_and_an_open_file_are_written_into(tmp_path):
    with opened(Output("/dev/null")) as file:
        file.write("好\n")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    with (tmp_path / "out.txt").open("w", encoding="utf-8") as out:
        out.write("before\n")
        out.flush()
        with opened(Output(f"/proc/self/fd/{out.fileno()}")) as file:
            file.seek(0, os.SEEK_END)
            file.write("好\n")
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "before\n好\n"


def test_a_character_that_cannot_be_written_leaves_no_file(tmp_path):
    latin = Output(str(tmp_path / "a.txt"), "latin-1")
    with pytest.raises(InputError, match="`好` cannot be written in latin-1"), opened(latin) as file:
        print("好", file=file, flush=True)
    assert [one.name for one in tmp_path.iterdir()] == ["reviews.csv"]
