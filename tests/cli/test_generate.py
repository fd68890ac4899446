"""`weft generate`: plain text of what a model writes, numbered, streamed or as JSON; and what cannot be asked."""

import json
from pathlib import Path

import pytest

import weft as package
from weft.decoding.choices import Beam, Greedy, MinimumRisk, Sample
from weft.tasks.generation.generator import GeneratedText

TEXTS = ["he sees 3 cats", "他 sees 7 books"]
ASKED = [word for text in TEXTS for word in ("--text", text)]
STRANGE = "of the inputs 1 character was never seen in training, and mapped to `<unk>`: `他`\n"
LONG = "he sees 3 cats or " * 9


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def answers(folder: Path, texts: list[str], search=None) -> list:
    return package.load(folder, device="cpu").answer(texts, search=search)


@pytest.mark.parametrize(
    ("options", "search"),
    [
        ((), None),
        (("--greedy",), Greedy()),
        (("--beam", "3", "--length-penalty", "0.5"), Beam(3, length_penalty=0.5)),
        (("--temperature", "0.9", "--top-p", "0.95", "--seed", "4"), Sample(temperature=0.9, top_p=0.95, seed=4)),
        (("--top-k", "9", "--min-p", "0.01", "--typical", "0.99"), Sample(top_k=9, min_p=0.01, typical=0.99)),
        (("--minimum-risk", "4"), MinimumRisk(samples=4)),
        (("--greedy", "--max-length", "3", "--min-length", "3"), Greedy(max_length=3, min_length=3)),
        (("--greedy", "--no-repeat", "1", "--repetition-penalty", "1.5"), Greedy(no_repeat=1, repetition_penalty=1.5)),
        (("--beam", "2", "--force", "猫", "--prefix", "他"), Beam(2, forced=("猫",), prefix="他")),
        (("--greedy", "--ban", "他"), Greedy(banned=("他",))),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, tuple) else "",
)
def test_each_text_is_printed_on_a_line_as_the_library_writes_it(weft, translator, options, search):
    said = weft("generate", "translator", *ASKED, *options)
    assert (said.code, said.err) == (0, STRANGE)
    assert said.out.splitlines() == [one.text for one in answers(translator, TEXTS, search)]


@pytest.mark.parametrize(
    ("options", "search"),
    [(("--alternatives", "3"), Beam(5, alternatives=3)), (("--samples", "3"), Sample(samples=3))],
)
def test_several_texts_are_numbered_and_stand_in_blocks(weft, translator, options, search):
    said = weft("generate", "translator", *ASKED, *options)
    found = [[one.text, *one.alternatives] for one in answers(translator, TEXTS, search)]
    assert [len(texts) for texts in found] == [3, 3]
    blocks = ["".join(f"{number}  {text}\n" for number, text in enumerate(texts, 1)) for texts in found]
    assert said.out == "\n".join(blocks)


def test_a_text_of_several_lines_stands_apart(weft, translator, monkeypatch):
    monkeypatch.setattr(package.Model, "answer", lambda model, texts: [GeneratedText("上\n下", -1.0)] * len(texts))
    first, second = (f"── {number}: {text} ──\n上\n下\n" for number, text in enumerate(TEXTS, 1))
    assert weft("generate", "translator", *ASKED).out == f"{first}\n{second}"
    assert weft("generate", "translator", "--text", TEXTS[0]).out == "上\n下\n"
    assert weft("generate", "translator", typed="猫\n").out == "── 1 ──\n上\n下\n"


def test_a_rule_says_which_of_several_texts_of_several_lines_it_is(weft, translator, monkeypatch):
    drawn = GeneratedText("上\n下", -1.0, ("cat",))
    monkeypatch.setattr(package.Model, "answer", lambda model, texts: [drawn] * len(texts))
    out = weft("generate", "translator", "--text", "猫", "--samples", "2").out
    assert out == "── text 1 of 2 ──\n上\n下\n── text 2 of 2 ──\ncat\n"
    out = weft("generate", "translator", *ASKED, "--samples", "2").out
    assert out.startswith(f"── 1: {TEXTS[0]}, text 1 of 2 ──\n上\n下\n")


def test_lines_of_standard_input_and_rows_of_a_file(weft, translator):
    expected = "".join(f"{one.text}\n" for one in answers(translator, TEXTS))
    assert weft("generate", "translator", typed="\n".join(TEXTS) + "\n").out == expected
    Path("new.txt").write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    assert weft("generate", "translator", "new.txt").out == expected
    Path("new.csv").write_text("n,原文\n" + "".join(f"1,{text}\n" for text in TEXTS), encoding="utf-8")
    for option in ("--column", "--source"):
        assert weft("generate", "translator", "new.csv", option, "原文").out == expected


def test_json_has_the_records_of_predict(weft, translator):
    call = ("translator", *ASKED, "--beam", "3", "--alternatives", "2")
    said = weft("generate", *call, "--json")
    assert said.out == weft("predict", *call).out
    assert [(one["source"], len(one["alternatives"])) for one in lines(said.out)] == [(text, 1) for text in TEXTS]


@pytest.mark.parametrize("options", [("--greedy",), ("--temperature", "1.3", "--seed", "2")])
def test_a_stream_ends_as_the_same_text(weft, translator, poet, options):
    for folder, word in (("translator", "--text"), ("poet", "--prompt")):
        call = ("generate", folder, word, "he sees 春" if folder == "translator" else "春眠", *options)
        said, whole = weft(*call, "--stream"), weft(*call)
        assert said.code == 0
        assert said.out == whole.out


def test_samples_are_streamed_one_after_another_each_from_the_next_seed(weft, poet):
    said = weft(
        "generate", "poet", "--prompt", "春眠", "--samples", "3", "--seed", "5", "--stream", "--max-length", "6"
    )
    each = [weft("generate", "poet", "--prompt", "春眠", "--seed", seed, "--max-length", "6").out for seed in "567"]
    assert said.out == "".join(f"── text {number} of 3 ──\n{text}" for number, text in enumerate(each, 1))


def test_a_language_model_goes_on_with_prompts(weft, poet):
    search = Sample(temperature=0.8, top_p=0.95, samples=2)
    said = weft("generate", "poet", "--prompt", "春眠", "--text", "the rain", "--samples", "2", "--json")
    found = answers(poet, ["春眠", "the rain"], search)
    assert [(one["prompt"], one["answer"], one["alternatives"]) for one in lines(said.out)] == [
        (prompt, one.text, list(one.alternatives)) for prompt, one in zip(("春眠", "the rain"), found, strict=True)
    ]
    assert weft("generate", "poet", "--prompt", "").code == 0


def test_what_was_not_read_is_said(weft, translator):
    said = weft("generate", "translator", "--text", "he sees 3 cats", "--text", LONG)
    unread = answers(translator, [LONG])[0].unread
    expected = f"--text 2: the last {unread} tokens were not read: the model reads 24 (task.max_source)\n"
    assert said.err == expected
    assert weft("generate", "translator", "--text", LONG, "--stream", "--greedy").err == expected.replace("2:", "1:")
    typed = weft("generate", "translator", "--json", typed="good\n" + f"{LONG}\n" * 7)
    assert [line.split(": the last")[0] for line in typed.err.splitlines()[:-1]] == [
        f"standard input:{line}" for line in range(2, 7)
    ]
    assert typed.err.splitlines()[-1] == "and 2 more; `unread` in the answers as JSON has them all"
    assert [one.get("unread", 0) for one in lines(typed.out)] == [0] + [unread] * 7


def test_characters_that_were_never_seen_are_told_once(weft, translator, poet):
    expected = "of the inputs 2 characters were never seen in training, and mapped to `<unk>`"
    call = ("--text", "he sees ☃☃", "--text", "é cats", "--greedy")
    for verb, more in (("generate", ()), ("generate", ("--stream",)), ("predict", ())):
        said = weft(verb, "translator", *call, *more)
        assert said.err == f"{expected}: `☃`, `é`\n"
    Path("strange.csv").write_text("en,zh\nhe sees ☃,他\n", encoding="utf-8")
    assert "strange.csv: 1 character was never seen" in weft("evaluate", "translator", "strange.csv").err
    Path("poem.csv").write_text("poem\n春眠☃\n", encoding="utf-8")
    assert "poem.csv: 1 character was never seen" in weft("evaluate", "poet", "poem.csv").err


def test_an_empty_text_is_shown_on_a_console_and_in_no_file(weft, translator, monkeypatch):
    monkeypatch.setattr(package.Model, "answer", lambda model, texts: [GeneratedText(" ", -1.0)] * len(texts))
    call = ("generate", "translator", *ASKED)
    assert weft(*call).out == " \n \n"
    monkeypatch.setattr("weft.cli.generate.on_console", lambda: True)
    assert weft(*call).out == "(empty)\n(empty)\n"
    assert "(empty)" not in weft(*call, "--json").out


# what cannot be asked

WRONG = [
    (("--beam", "5", "--temperature", "0.8"), ("--beam and --temperature exclude each other", "weft generate --help")),
    (
        ("--temperature", "0"),
        ("--temperature: expected greater than 0, found `0.0`", "--greedy always takes the likeliest"),
    ),
    (("--temperature", "-2"), ("--temperature: expected greater than 0",)),
    (("--top-p", "1.5"), ("--top-p: expected less than or equal to 1, found `1.5`", "0.95 cuts the tail")),
    (("--top-p", "0"), ("--top-p: expected greater than 0",)),
    (("--beam", "0"), ("--beam: expected greater than or equal to 1, found `0`", "5 is usual")),
    (("--beam", "900"), ("--beam: a beam of 900 is as wide as the vocabulary", "take a smaller beam")),
    (("--beam", "two"), ("`two` is not a valid integer",)),
    (("--stream",), ("--stream: `beam` search knows its output only at the end", "add --greedy, or sample")),
    (
        ("--stream", "--greedy", "--force", "猫"),
        ("--stream: `greedy` search knows its output only at the end", "sample:"),
    ),
    (("--stream", "--minimum-risk", "4"), ("--stream: `minimum-risk` search",)),
    (("--stream", "--greedy", "--json"), ("--stream prints plain text, and --json does not",)),
    (("--force", "☃"), ("--force: `☃` cannot be written in the vocabulary of this model",)),
    (("--force", "猫", "--ban", "猫"), ("--force: `猫`",)),
    (("--force", "猫", "--force", "狗", "--max-length", "1"), ("--force:", "force fewer words")),
    (("--prefix", "☃"), ("--prefix: `☃` has a character that the model cannot write", "begin with characters")),
    (("--prefix", "他看见", "--max-length", "1"), ("--prefix: a beginning of", "shorten it")),
    (("--min-length", "5", "--max-length", "3"), ("--min-length is 5, above --max-length, 3",)),
]


@pytest.mark.parametrize(("options", "says"), WRONG, ids=lambda value: " ".join(value)[:40])
def test_searches_that_cannot_be(refused, translator, options, says):
    refused("generate", "translator", "--text", "he sees 3 cats", *options, says=says)


def test_an_empty_line_is_answered_by_an_empty_line(weft, translator, monkeypatch):
    typed = "\nhe sees 3 cats\n \nhe sees 4 dogs\n"
    said = weft("generate", "translator", typed=typed)
    texts = said.out.split("\n")
    assert len(texts) == 5  # a line for each, and the end of the last
    assert texts[0] == texts[2] == ""
    assert "standard input:1: 2 lines are empty" in said.err
    rows = lines(weft("generate", "translator", "--json", typed=typed).out)
    assert [(row["line"], row["source"]) for row in rows] == [
        (1, None), (2, "he sees 3 cats"), (3, None), (4, "he sees 4 dogs")
    ]  # fmt: skip
    assert [row["answer"] is None for row in rows] == [True, False, True, False]
    streamed = weft("generate", "translator", "--stream", "--greedy", typed=typed)
    assert (streamed.code, streamed.out[0]) == (0, "\n")
    Path("句.txt").write_text("he sees\n\n", encoding="utf-8")
    stopped = weft("generate", "translator", "句.txt", "--on-bad-row", "stop")
    assert "句.txt:2: source is empty" in stopped.err


def test_an_empty_line_asks_a_language_model_for_a_text_from_its_beginning(weft, poet):
    rows = lines(weft("generate", "poet", "--json", typed="春\n\n").out)
    assert [row["prompt"] for row in rows] == ["春", ""]
    assert all(row["answer"] is not None for row in rows)


def test_texts_that_cannot_be(refused, translator, poet):
    refused("generate", "translator", "--text", " ", says=("--text: text is empty",))
    refused("generate", "translator", "a.txt", "--text", "a", says=("from FILE or from --text, not from both",))
    refused("generate", "translator", "none.txt", says=("none.txt: there is no such file",))
    refused("generate", "poet", "--prompt", "春☃", says=("the model has never seen `☃`", "hint: leave it out"))
    Path("empty.csv").write_text("en,zh\nhe sees,他\n ,他\n", encoding="utf-8")
    refused("generate", "translator", "empty.csv", says=("empty.csv:3: source is empty", "--on-bad-row skip"))


def test_a_model_that_writes_nothing(refused, model):
    says = ("model: a model of task `classification` generates no text", "weft predict model")
    refused("generate", "model", "--text", "味道很好", says=says)
    refused("generate", "model", "--text", "味道很好", "--beam", "3", says=("`beam` is a search", "classification"))
    refused("predict", "model", "--text", "味道很好", "--top-k", "3", says=("`sample` is a search", "classification"))
