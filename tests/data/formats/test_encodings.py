"""Encodings: what is certain is read, what is doubtful is refused with its line."""

import bz2
import codecs
import gzip
import io
import json
import lzma
import os
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weft.data.formats import encodings
from weft.data.formats.encoding_guesses import COMMONEST_HAN, likely_encodings
from weft.data.formats.encodings import check, detect, open_bytes
from weft.errors import InputError

SIMPLIFIED = "这家酒店的服务很好，房间也很干净。\n早餐一般，下次不会再来了。\n"
TRADITIONAL = "這家酒店的服務很好，房間也很乾淨。\n早餐一般，下次不會再來了。\n"
FRENCH = "L'hôtel était très propre, le café délicieux.\nÀ éviter : le personnel est désagréable, la forêt à côté.\n"
RUSSIAN = "Это очень хороший отель\nНомер грязный, обслуживание ужасное\n"
JAPANESE = "このホテルはとても良かったです。\n朝食も美味しかった。\n"
KOREAN = "이 호텔은 정말 좋았습니다\n방이 더러웠어요\n"


def written(folder: Path, content: bytes, name: str = "texts.txt") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("text", ["plain English\n", SIMPLIFIED, TRADITIONAL, FRENCH, RUSSIAN, "😀 ok", ""])
def test_utf8_is_believed(tmp_path, text):
    assert detect(written(tmp_path, text.encode())) == "utf-8"


def test_utf8_longer_than_a_chunk(tmp_path):
    # 3-byte characters straddle every power of two
    assert detect(written(tmp_path, "好".encode() * 800_000)) == "utf-8"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("text", ["a\n", SIMPLIFIED])
def test_a_bom_wins(tmp_path, encoding, text):
    assert detect(written(tmp_path, text.encode(encoding))) == encoding


def test_a_big_endian_bom(tmp_path):
    path = written(tmp_path, codecs.BOM_UTF16_BE + SIMPLIFIED.encode("utf-16-be"))
    assert path.read_text(detect(path)) == SIMPLIFIED


def test_a_bom_does_not_excuse_damage(tmp_path):
    path = written(tmp_path, codecs.BOM_UTF8 + b"fine\nbro\xffken\n")
    with pytest.raises(InputError, match=r"texts\.txt:2: byte 0xff at column 4 is not valid in `utf-8-sig`"):
        detect(path)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text", ["text,label\ngood film,1\n", SIMPLIFIED, TRADITIONAL, "评论,标签\n房间很好,好评\n", FRENCH]
)
def test_utf16_without_bom(tmp_path, encoding, text):
    assert detect(written(tmp_path, text.encode(encoding))) == encoding


def test_another_nul_byte_names_its_place(tmp_path):
    path = written(tmp_path, b"one line\nand then\0 a NUL in it\n")
    with pytest.raises(InputError, match=r"texts\.txt:2: there is a NUL byte at column 9") as caught:
        detect(path)
    assert "--encoding utf-16-le" in caught.value.hint


@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "gb2312"])
def test_simplified_chinese(tmp_path, encoding):
    path = written(tmp_path, SIMPLIFIED.encode(encoding))
    assert detect(path) == "gb18030"
    assert path.read_text("gb18030") == SIMPLIFIED


def test_traditional_chinese(tmp_path):
    assert detect(written(tmp_path, TRADITIONAL.encode("big5"))) == "big5"
    assert detect(written(tmp_path, TRADITIONAL.encode("gb18030"), "other.txt")) == "gb18030"


def test_cantonese_needs_hkscs(tmp_path):
    text = "我哋今日去咗嗰間酒店，啲嘢好好食，佢話下次都會再來。\n"
    assert detect(written(tmp_path, text.encode("big5hkscs"))) == "big5hkscs"


def test_a_short_chinese_table(tmp_path):
    text = "text,label\n房间很好 very nice,好评\n不会再来 too noisy,差评\n"
    assert detect(written(tmp_path, text.encode("gb18030"))) == "gb18030"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "cp1252"),
        ("Gemütliche Zimmer, schöner Blick, aber Frühstück mäßig\n", "cp1252"),
        ("¡Qué habitación más pequeña! Mañana será otro día\n", "latin-1"),
        (FRENCH, "mac-roman"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (KOREAN, "euc_kr"),
        (KOREAN, "cp949"),
    ],
)
def test_other_encodings_are_refused_not_misread(tmp_path, text, encoding):
    for number, part in enumerate([text, *text.splitlines(keepends=True)]):
        with pytest.raises(InputError, match="is not UTF-8") as caught:
            detect(written(tmp_path, part.encode(encoding), f"{number}.txt"))
        assert "name its encoding: --encoding" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("键盘，太棒了。谢谢。", "gb18030"),
        ("名字：李娜", "gb18030"),
        ("鍵盤，太棒了，謝謝你們", "big5"),
        (FRENCH, "cp1252"),
        (RUSSIAN, "cp1251"),
        (JAPANESE, "shift_jis"),
        (KOREAN, "euc_kr"),
    ],
)
def test_the_likeliest_encoding_is_offered_first(text, encoding):
    assert likely_encodings(text.encode(encoding))[0] == encoding
    assert encoding not in ("gb18030", "big5") or "cp1252" not in likely_encodings(text.encode(encoding))


def test_the_refusal_names_the_byte(tmp_path):
    with pytest.raises(InputError, match=r"texts\.txt:2: byte 0xe9 at column 4 is not UTF-8"):
        detect(written(tmp_path, "plain\ncafé au lait\n".encode("cp1252")))


def test_damaged_utf8_is_refused(tmp_path):
    content = bytearray(SIMPLIFIED.encode())
    content[30] = 0xFF
    with pytest.raises(InputError, match=r":1: byte 0x.. at column .. is not UTF-8"):
        detect(written(tmp_path, bytes(content)))
    cut = SIMPLIFIED.encode()[:-5]
    with pytest.raises(InputError, match=r":2: byte 0xe4 at column 34 is not UTF-8"):
        detect(written(tmp_path, cut))


def test_a_named_encoding_is_checked(tmp_path):
    path = written(tmp_path, FRENCH.encode("cp1252"))
    check(path, "cp1252")
    with pytest.raises(InputError, match=r"texts\.txt:1: byte 0xf4 at column 4 is not valid in `ascii`"):
        check(path, "ascii")
    with pytest.raises(InputError, match=r":1: byte 0x00 at column 3 is not valid in `utf-8`"):
        check(written(tmp_path, b"ab\0c"), "utf-8")


@pytest.mark.parametrize("encoding", ["utf-88", "rot13", "base64", "", "a\0b"])
def test_an_unknown_encoding(tmp_path, encoding):
    with pytest.raises(InputError, match="there is no encoding") as caught:
        check(written(tmp_path, b"text"), encoding)
    assert "`utf-8`" in caught.value.hint


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress)])
def test_compressed_files(tmp_path, suffix, pack):
    content = SIMPLIFIED.encode("gb18030") * 500
    path = written(tmp_path, pack(content), f"texts.txt{suffix}")
    with open_bytes(path) as file:
        assert file.read() == content
    assert detect(path) == "gb18030"
    for damaged in (pack(content)[:-9], b"not packed at all", pack(content)[:60] + b"\xff" * 40 + pack(content)[100:]):
        path = written(tmp_path, damaged, f"damaged.txt{suffix}")
        with pytest.raises(InputError, match=rf"damaged\.txt{suffix}: is not a sound `{suffix}` file"):
            detect(path)


def test_missing_files_and_folders(tmp_path):
    written(tmp_path, b"", "reviews.csv")
    with pytest.raises(InputError, match=r"review\.csv: there is no such file") as caught:
        open_bytes(tmp_path / "review.csv")
    assert "did you mean" in caught.value.hint
    assert "reviews.csv" in caught.value.hint
    with pytest.raises(InputError, match="there is no such file") as caught:
        open_bytes(tmp_path / "nowhere" / "reviews.csv")
    assert "there is no folder" in caught.value.hint
    with pytest.raises(InputError, match="is a folder, expected a file"):
        open_bytes(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        open_bytes("a\0b.csv")


def test_standard_input_can_be_read_twice(monkeypatch):
    for text in (SIMPLIFIED, TRADITIONAL):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert detect("-") == "utf-8"
        assert open_bytes("-").read() == text.encode()


def test_the_commonest_han_are_han():
    assert all("一" <= character <= "鿿" for character in COMMONEST_HAN)
    assert 350 < len(COMMONEST_HAN) < 450


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=200))
def test_random_bytes_decode_strictly_or_are_refused(tmp_path, content):
    path = written(tmp_path, content)
    try:
        encoding = detect(path)
    except InputError:
        return
    content.decode(encoding)
    assert encoding.startswith("utf-")


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff\r"), max_size=100))
def test_any_text_in_utf8_comes_back(tmp_path, text):
    path = written(tmp_path, text.encode())
    assert detect(path) == "utf-8"
    check(path, "utf-8")


def test_real_corpora(weft_data, tmp_path):
    def texts(name: str, column: str, rows: int) -> list[str]:
        with lzma.open(weft_data / name, "rt", encoding="utf-8") as file:
            return [json.loads(line)[column] for line, _ in zip(file, range(rows), strict=False)]

    reviews, headlines = texts("chnsenticorp/dev.jsonl.xz", "text", 200), texts("tnews/dev.jsonl.xz", "text", 300)
    for start in range(0, 200, 3):
        for text in ("\n".join(reviews[start : start + 3]), "\n".join(headlines[start : start + 5])):
            assert detect(written(tmp_path, text.encode("gb18030"))) == "gb18030"
    for column in ("fr", "de"):
        captions = texts("multi30k/val.jsonl.xz", column, 600)
        for start in range(0, 600, 3):
            content = "\n".join(captions[start : start + 3]).encode("cp1252")
            path = written(tmp_path, content)
            if content.isascii():
                assert detect(path) == "utf-8"
            else:
                with pytest.raises(InputError, match="is not UTF-8"):
                    detect(path)


@pytest.mark.parametrize("text", ["a long line", "很长的一行"])
def test_a_line_that_is_too_long_for_memory_is_an_error(tmp_path, text, monkeypatch):
    monkeypatch.setattr(encodings, "MOST_IN_A_LINE", 1000)
    monkeypatch.setattr(encodings, "_CHUNK", 64)
    sound = "\n".join([text * 50] * 40)
    assert detect(written(tmp_path, sound.encode())) == "utf-8"
    with pytest.raises(InputError, match=r"a line of over 1,000 characters") as caught:
        detect(written(tmp_path, f"{sound}\n{text * 400}".encode()))
    assert caught.value.where.endswith("texts.txt:41")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_file_that_unpacks_to_far_more_than_texts_do_is_an_error(tmp_path, pack, monkeypatch):
    monkeypatch.setattr(encodings, "MOST_UNPACKED", 1 << 16)
    monkeypatch.setattr(encodings, "MOST_TIMES", 50)
    suffix = {gzip.compress: ".gz", bz2.compress: ".bz2", lzma.compress: ".xz"}[pack]
    assert detect(written(tmp_path, pack("好\n".encode() * 10_000), f"few.txt{suffix}")) == "utf-8"
    with pytest.raises(InputError, match="unpacks to over 50 times its size"):
        detect(written(tmp_path, pack("好\n".encode() * 100_000), f"many.txt{suffix}"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_with_the_name_of_a_file_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "texts.csv")
    with pytest.raises(InputError, match="is a pipe or a device") as caught:
        open_bytes(tmp_path / "texts.csv")
    assert "pass -" in caught.value.hint


def zipped(path, **files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files.items():
            packed.writestr(name, text.encode())
    return path


def test_a_zip_of_one_file_is_that_file(tmp_path):
    path = zipped(tmp_path / "reviews.csv.zip", **{"reviews.csv": SIMPLIFIED, "__MACOSX/._reviews.csv": "x"})
    with open_bytes(path) as file:
        assert file.read().decode() == SIMPLIFIED
    with pytest.raises(InputError, match="holds 2 files, expected one") as caught:
        detect(zipped(tmp_path / "two.zip", a="好", b="x"))
    assert "unpack it first" in caught.value.hint
    with pytest.raises(InputError, match=r"is not a sound `\.zip` file"):
        detect(written(tmp_path, b"PK damaged", "bad.csv.zip"))
