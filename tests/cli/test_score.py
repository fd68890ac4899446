"""`weft score`: what sacreBLEU says of the files, with intervals and signatures; files that do not fit are told."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sacrebleu.metrics import BLEU, CHRF, TER

ENGLISH = ["A man is riding a Horse.", "Two dogs run in the snow.", "", "The soup was cold."]
REFERENCES = ["A man rides a horse.", "Two dogs are running in the snow.", "Snow falls.", "The soup was cold."]
SECOND = ["A man is on a horse.", "", "", "Cold soup."]
CHINESE = ["一个男人正在骑马。", "两只狗在雪地里奔跑。", "", "汤是冷的。"]
CHINESE_REFERENCES = ["一名男子正在骑马。", "两条狗在雪地里跑。", "下雪了。", "汤是冷的。"]


def write(name, lines, encoding="utf-8"):
    Path(name).write_text("".join(f"{line}\n" for line in lines), encoding=encoding)


@pytest.fixture(autouse=True)
def _files(_here):
    write("h.txt", ENGLISH)
    write("r.txt", REFERENCES)
    write("second.txt", SECOND)


def test_the_scores_are_those_of_sacrebleu(weft):
    said = weft("score", "h.txt", "r.txt", "second.txt", "--json")
    found = json.loads(said.out)
    streams = [REFERENCES, [line or None for line in SECOND]]
    for name, metric in (("bleu", BLEU()), ("chrf", CHRF()), ("ter", TER(case_sensitive=True))):
        one = found["scores"][name]
        assert one["value"] == pytest.approx(metric.corpus_score(ENGLISH, streams).score)
        assert one["low"] is one["high"] is None  # of four lines
        assert one["signature"] == str(metric.get_signature())
    assert (found["lines"], found["references"]) == (4, 2)
    assert set(found["scores"]) == {"bleu", "chrf", "ter", "rouge1", "rouge2", "rougeL", "rougeL_coco"}


def test_chinese_in_an_old_encoding_is_cut_by_character(weft):
    write("译文.txt", CHINESE, encoding="gb18030")
    write("参考.txt", CHINESE_REFERENCES, encoding="utf-16")
    said = weft("score", "译文.txt", "参考.txt", "--json")
    assert said.err == "译文.txt: read as gb18030\n参考.txt: read as utf-16\n"
    found = json.loads(said.out)["scores"]
    assert "tok:zh" in found["bleu"]["signature"]
    assert found["bleu"]["value"] == pytest.approx(
        BLEU(tokenize="zh").corpus_score(CHINESE, [CHINESE_REFERENCES]).score
    )
    assert found["rouge1"]["value"] > 50


def test_case_and_tokenizer_can_be_chosen(weft):
    said = weft("score", "h.txt", "r.txt", "--lowercase", "--tokenize", "char", "--json")
    found = json.loads(said.out)["scores"]
    assert found["bleu"]["value"] == pytest.approx(
        BLEU(tokenize="char", lowercase=True).corpus_score(ENGLISH, [REFERENCES]).score
    )
    assert found["ter"]["value"] == pytest.approx(TER().corpus_score(ENGLISH, [REFERENCES]).score)


def test_the_table_shows_scores_intervals_and_signatures(weft):
    said = weft("score", "h.txt", "r.txt")
    assert (said.code, said.err) == (0, "")
    assert "4 lines, too few for intervals" in " ".join(said.out.split())
    for word in ("BLEU", "chrF", "TER (lower is better)", "ROUGE-1", "ROUGE-2", "ROUGE-L", "h.txt"):
        assert word in said.out
    assert "bleu|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:" in said.out


def test_ten_lines_have_an_interval(weft):
    write("ten.txt", (ENGLISH + CHINESE) * 2)
    write("right.txt", (REFERENCES + CHINESE_REFERENCES) * 2)
    said = weft("score", "ten.txt", "right.txt").out
    assert "16 lines, 95% intervals in brackets" in " ".join(said.split())
    assert " to " in said


def test_two_systems_are_compared(weft):
    other = "other[b].txt"  # which is no markup
    write("h.txt", ENGLISH * 3)
    write("r.txt", REFERENCES * 3)
    write(other, ["A horse.", "Dogs run.", "下雪了", "The soup"] * 3)
    said = weft("score", "h.txt", "r.txt", "--against", other)
    assert f"h.txt less {other}" in said.out
    assert "ahead: share of the resamples in which h.txt is better" in said.out
    found = json.loads(weft("score", "h.txt", "r.txt", "--against", other, "--json").out)
    for name, one in found["comparison"].items():
        difference = found["scores"][name]["value"] - found["against"][name]["value"]
        assert one["difference"]["value"] == pytest.approx(difference)
        assert 0 < one["p_bootstrap"] <= 1
        assert 0 < one["p_randomization"] <= 1
        assert 0 <= one["ahead"] <= 1


def test_a_difference_stands_on_one_line_with_its_interval(weft):
    write("many.txt", [f"A man rides horse {number}." for number in range(20)])
    write("more.txt", [f"A man rides a horse {number}." for number in range(20)])
    said = weft("score", "more.txt", "more.txt", "--against", "many.txt")
    assert re.search(r"BLEU .*\+\d+\.\d\d \(\+\d+\.\d\d to \+\d+\.\d\d\)", said.out)


def test_another_script_and_a_tokenizer_of_another_are_said(weft):
    write("参考.txt", CHINESE_REFERENCES)
    assert "h.txt: mostly in another script than 参考.txt" in weft("score", "h.txt", "参考.txt").err
    said = weft("score", "参考.txt", "参考.txt", "--tokenize", "13a").err
    assert "--tokenize 13a takes a whole Chinese or Japanese sentence for one word" in said
    assert weft("score", "参考.txt", "参考.txt", "--tokenize", "zh").err == ""


def test_hypotheses_may_come_from_standard_input(weft):
    typed = "".join(f"{line}\n" for line in ENGLISH)
    assert weft("score", "-", "r.txt", "--json", typed=typed).out == weft("score", "h.txt", "r.txt", "--json").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("h.txt", "short.txt"), "short.txt: has 2 lines, and h.txt has 4\nhint: line by line"),
        (("h.txt", "r.txt", "short.txt"), "short.txt: has 2 lines, and h.txt has 4"),
        (("h.txt", "r.txt", "--against", "short.txt"), "short.txt: has 2 lines, and h.txt has 4"),
        (("h.txt", "second.txt"), "second.txt:2: there is no reference on this line\nhint: give every line"),
        (("empty.txt", "r.txt"), "empty.txt: is empty"),
        (("nowhere.txt", "r.txt"), "nowhere.txt: there is no such file"),
        (("h.txt", "r.txt", "--encoding", "klingon"), "h.txt: there is no encoding `klingon`"),
        (("h.txt",), "missing argument `REFERENCES...`"),
        (("h.txt", "r.txt", "--tokenize", "jieba"), "`jieba` is not one of"),
    ],
)
def test_what_does_not_fit_is_told(refused, arguments, said):
    write("short.txt", ["Two", "两"])
    write("empty.txt", [])
    refused("score", *arguments, says=(said,))


def test_lines_without_a_text_are_left_out_of_all_files(weft):
    write("patchy.txt", ["", *ENGLISH, " "])
    write("gaps.txt", ["", *REFERENCES, "　"])
    said = weft("score", "patchy.txt", "gaps.txt", "--json")
    assert said.err == "gaps.txt:1: left out 2 lines without a reference, this is the first\n"
    assert said.out == weft("score", "h.txt", "r.txt", "--json").out


def test_lines_without_a_reference_can_be_left_out(weft, refused):
    write("译文.txt", CHINESE)
    write("参考.txt", [CHINESE_REFERENCES[0], "", *CHINESE_REFERENCES[2:]])
    said = weft("score", "译文.txt", "参考.txt", "--json", "--on-bad-row", "skip")
    assert json.loads(said.out)["lines"] == 3
    assert said.err == "参考.txt:2: left out 1 line without a reference\n"
    refused(
        "score", "译文.txt", "参考.txt", says=("参考.txt:2: there is no reference on this line", "--on-bad-row skip")
    )
    write("none.txt", [""] * 4)
    refused("score", "h.txt", "none.txt", "--on-bad-row", "skip", says=("none.txt:1: no line has a reference",))


@pytest.mark.parametrize("arguments", [["--help"], ["h.txt", "r.txt"]])
def test_torch_is_not_imported(arguments):
    code = (
        "import sys; from weft.cli.main import cli;"
        f"cli.main(['score', *{arguments}], standalone_mode=False); print('torch' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.endswith("False\n")


def test_json_lines_are_no_texts(refused):
    Path("answers.jsonl").write_text('{"answer": "他看见了"}\n', encoding="utf-8")
    Path("ref.txt").write_text("他看见了\n", encoding="utf-8")
    refused("score", "answers.jsonl", "ref.txt", says=("answers.jsonl: holds JSON", "weft evaluate FOLDER FILE"))


def test_few_lines_are_not_compared(weft):
    for name in ("a.txt", "b.txt", "ref.txt"):
        Path(name).write_text("he sees it\n他看见了\n", encoding="utf-8")
    said = weft("score", "a.txt", "ref.txt", "--against", "b.txt")
    assert "too few for a comparison: it takes 10 lines or more" in said.out
    assert "p bootstrap" not in said.out
