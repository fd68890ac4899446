"""The data doctor: labels, lengths, and the brief notes that a training begins with."""

from weft.data.checks.findings import Part
from weft.data.checks.labels_and_lengths import brief, labels, lengths


def part(texts, names, name="train") -> Part:
    return Part(name, f"{name}.csv", texts, names, range(2, len(texts) + 2))


def sound(name="train", size=20) -> Part:
    texts = [f"第 {number} 个 {name} 房间很干净" for number in range(size)]
    return part(texts, ["好评", "差评"] * (size // 2), name)


def noted(*parts: Part) -> list[str]:
    return brief(parts, options={})


def test_sound_data_is_passed_over_in_silence():
    assert noted(sound(), sound("dev"), sound("test")) == []


def test_the_brief_says_what_matters_and_where_to_look():
    texts = [*sound().texts, *sound().texts[:3], "rare", *(f"more {number}" for number in range(10))]
    names = [*sound().labels, "好评", "好评", "好评", "其他", *["好评"] * 10]
    notes = noted(part(texts, names), part(["第 0 个 train 房间很干净 ", "new"], ["好评", "好评"], "test"))
    assert notes == [
        "3 rows of 34 repeat the text of an earlier row",
        "1 of 2 test texts is also in train: their scores are too good",
        "1 text with contradicting labels",
        "1 label with fewer than 5 texts: `其他`",
        "`好评` has 23 texts, `其他` 1: look at macro F1 too; task.loss.class_weights=balanced gives rare labels more"
        " weight, training.metric=macro_f1 keeps the weights that do best on them"
        " (weft inspect train.csv --test test.csv lists them)",
    ]


def test_rare_labels_are_told_of_once_and_not_where_they_are_weighed():
    names = [*["好评"] * 300, *["差评"] * 300, "少", "rare"]
    texts = [f"第 {number} 个" for number in range(len(names))]
    (_, said) = noted(part(texts, names))
    assert said.startswith("`好评` has 300 texts, `rare` 1, and 2 of 4 labels less than a tenth of the mean: look at")
    assert not any("macro F1" in line for line in brief([part(texts, names)], options={}, weighted=True))


def test_html_in_many_texts_is_said_when_training_begins():
    texts = [f"<p>第 {number} 个</p> good<br/>" for number in range(20)]
    (said,) = noted(part(texts, ["好评", "差评"] * 10))
    assert said.startswith("20 of 20 texts looked at hold HTML, which is learned as text: strip its tags before")
    assert noted(part([*sound(size=40).texts[:39], "a<br>b"], ["好评", "差评"] * 20)) == []


def test_the_command_that_shows_more_has_the_options_of_training():
    posts = part(["好"] * 2 + ["a", "b"], [("财经", "体育"), (), ("财经",), ("财经",)])
    options = {"text": "正文", "label": "my tags", "label_separator": "|"}
    assert brief([posts, part(["new"], [()], "dev")], options=options) == [
        "1 row of 4 repeats the text of an earlier row",
        "1 text with contradicting sets of labels",
        "2 labels with fewer than 5 texts: `财经`, `体育`"
        ' (weft inspect train.csv --dev dev.csv --text 正文 --label "my tags" --label-separator "|" lists them)',
    ]
    (*_, last) = brief([posts], options={"label_separator": '"'})
    assert "--label-separator '\"' lists" in last


def test_pairs_are_called_pairs():
    firsts, seconds = ["花呗怎么还", "花呗怎么还", "a", "a"], ["how to pay", "how to pay ", "b", "c"]
    texts = ["\n".join(both) for both in zip(firsts, seconds, strict=True)]
    pairs = Part("train", "p.csv", texts, ["0", "1", "0", "1"], range(2, 6), halves=(firsts, seconds))
    notes = brief([pairs], options={"text": "a,b"})
    assert notes[:2] == [
        "1 row of 4 repeats the pair of an earlier row",
        "1 pair with contradicting labels",
    ]
    assert notes[-1].endswith("(weft inspect p.csv --text a,b lists them)")
    assert lengths([pairs]).table[1][1:3] == ("4", "2")
    assert lengths([pairs]).table[1][-1] == "15"


def test_several_labels_are_counted_one_by_one():
    names = [("delivery", "包装"), ("包装",), (), ("Delivery", "包装"), *[("包装", "delivery")] * 5]
    posts = part([f"text {number}" for number in range(len(names))], names)
    counts, spellings = labels([posts, part(["好"], [("售后",)], "test")])
    assert counts.table[1:] == [
        ("包装", "8", "0"),
        ("delivery", "6", "0"),
        ("Delivery", "1", "0"),
        ("售后", "0", "1"),
    ]
    assert counts.said.startswith("3 labels; 1.7 a text, and 1 of 9 texts without any; 1 with fewer than 5 texts")
    assert [(row.line, row.label) for row in counts.rows] == [(5, "Delivery, 包装")]
    assert [(row.line, row.note) for row in spellings.rows] == [(5, "`Delivery`, elsewhere `delivery`")]
    one, _ = labels([part(["好"] * 6, [("a",)] * 5 + [()])])
    assert one.severity == "fine"
    none, _ = labels([part(["好"], [()])])
    assert (none.severity, none.said) == ("error", "no labels")


def test_labels_are_counted_by_part():
    counts, spellings = labels([sound(), sound("test")])
    assert (counts.severity, spellings.severity) == ("fine", "fine")
    assert counts.table == [("label", "train", "test"), ("好评", "10", "10"), ("差评", "10", "10")]


def test_a_label_that_train_lacks_is_an_error():
    counts, _ = labels([sound(), part(["好"], ["中评"], "test")])
    assert (counts.severity, counts.count) == ("error", 1)
    assert "1 not in train: `中评`" in counts.said


def test_a_single_label_is_an_error():
    counts, _ = labels([part(["好", "fine"], ["a", "a"])])
    assert (counts.severity, counts.said) == ("error", "only `a`")


def test_spellings_of_one_label():
    names = ["Pos", "pos", "Pos", "ｐｏｓ", "neg", "neg ", "很 好", "很好", "很好"]
    _, spellings = labels([part([f"text {number}" for number in range(len(names))], names)])
    assert (spellings.severity, spellings.count) == ("error", 4)
    assert spellings.said == "`pos` and `Pos`; `ｐｏｓ` and `Pos`; `很 好` and `很好`; `neg ` and `neg`"
    assert [row.line for row in spellings.rows] == [3, 5, 7, 8]
    _, harmless = labels([part(["a", "b", "c"], ["pos", "pos ", "neg"])])
    assert harmless.severity == "warning"
    assert harmless.said.endswith("read as one, since spaces at the ends are removed")


def test_lengths_and_what_is_odd_about_them():
    found = lengths([part(["好" * 10, "a" * 30, "……", "好" * 2001, " "], list("abcde"))])
    assert found.table[1] == ("train", "5", "0", "0", "2", "10", "30", "2,001", "2,001")
    assert [(row.line, row.note) for row in found.rows] == [(5, "2,001 characters"), (4, "no letter or digit")]
    assert lengths([sound()]).severity == "fine"


def test_a_training_begins_with_spellings_of_one_label():
    names = ["pos", "POS", "Pos ", "负面", "1", "1.0", "True", "false"] * 3
    (first, *_) = noted(part([f"第 {number} 句 text" for number in range(24)], names))
    assert first == (
        "labels learned as different ones, which may be one: `pos`, `POS`, `Pos`; `1`, `1.0`, `True`:"
        " --set task.label_spelling=joined joins them"
    )


def test_labels_that_are_numbers_are_said_to_be_classes():
    texts = [f"第 {number} 句 text" for number in range(30)]
    assert noted(part(texts, ["1", "2.5", "-3"] * 10))[0].startswith(
        "the 3 labels look like numbers, and each is a class"
    )
    assert noted(part(texts, ["0", "1"] * 15)) == noted(part(texts, ["1", "2", "三"] * 10)) == []


def test_labels_that_read_like_missing_values_are_said():
    texts = [f"第 {number} 句 text" for number in range(37)]
    train = part(texts, ["1", "2.5", "-3"] * 10 + ["nan"] * 5 + ["N/A"] * 2)
    first, second, *_ = noted(train)
    assert first == (
        "5 rows have the label `nan`, 2 rows have the label `N/A`, which read like missing values and are classes here:"
        " if so, empty them in the file and pass --on-bad-row skip, which leaves such rows out"
    )
    assert second.startswith("the 3 labels look like numbers, and each is a class")
    counts, numbers, _ = labels([train], column="stars")
    assert "--value stars predicts a number" in numbers.said
    assert counts.severity == "warning"
    assert counts.fix.startswith("if so, empty them")
    assert "5 rows have the label `nan`" in counts.said
    assert [row.line for row in counts.rows] == [*range(32, 39)]
    assert noted(part(texts[:20], ["none", "好评"] * 10))[0].startswith(
        "10 rows have the label `none`, which reads like"
    )
    assert noted(part(texts[:20], ["None"] * 20)) == []


def test_a_frequent_label_that_train_alone_has_is_said():
    texts = [f"第 {number} 句 text" for number in range(60)]
    train = part(texts, ["好评", "差评", "unsup", "unsup"] * 15)
    (note,) = noted(train, sound("test"))
    assert note == (
        "train has 30 texts of `unsup`, test none: if these have no label, move them out of train.csv and train again"
    )
    assert noted(train, sound("test", size=2)) == noted(train) == []


def test_texts_of_a_wrong_encoding_are_told_before_all_that_is_less():
    texts = [
        *sound().texts,
        *("<p>cafÃ© &amp; Ã©clair</p>" + str(number) for number in range(4)),
        "lost \ufffd",
        "锟斤拷",
    ]
    notes = noted(part(texts, ["好评", "差评"] * 13))
    assert [note.partition(" (weft")[0] for note in notes] == [
        "6 of 26 texts looked at look as if read in a wrong encoding, and are learned so",
        "4 of 26 texts looked at hold HTML, which is learned as text: strip its tags before, as with "
        "sed -E 's/<[^<>]+>/ /g' FILE > NEW, from new texts too",
    ]
