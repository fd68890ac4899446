"""Pairs of a source and its targets: which columns they are, how rows are read, grouped and cleaned."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.data.examples.roles import find_roles
from weft.data.examples.source_target import SOURCE, TARGET, SourceTarget, grouped, source_targets_of
from weft.data.sources import open_table
from weft.errors import InputError
from weft.tasks.seq2seq import Seq2SeqConfig

PAIRS = [("A man is riding a horse.", "一个男人在骑马。"), ("Two dogs run.", "两只狗在跑。"), ("Hello!", "你好！")]


def tsv(folder: Path, columns: list[str]) -> Path:
    path = folder / "pairs.tsv"
    lines = [columns, *([f"{name} {row}" for name in columns] for row in range(3))]
    path.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")
    return path


def jsonl(folder: Path, *rows: dict) -> Path:
    path = folder / "pairs.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


# columns


def columns_of(table, *, source=None, target=None):
    found = find_roles(table, (SOURCE, TARGET), named={"source": source, "target": target})
    return found["source"][0], ",".join(found["target"])


@pytest.mark.parametrize(
    ("columns", "source", "target", "expected"),
    [
        (["source", "target"], None, None, ("source", "target")),
        (["target", "source"], None, None, ("source", "target")),
        (["id", "Document", "Summary"], None, None, ("Document", "Summary")),
        (["译文", "原文", "编号"], None, None, ("原文", "译文")),
        (["en", "zh"], None, None, ("en", "zh")),
        (["en", "target"], None, None, ("en", "target")),
        (["summary", "mail"], None, None, ("mail", "summary")),
        (["src", "zh"], None, None, ("src", "zh")),
        (["en", "zh"], "zh", None, ("zh", "en")),
        (["en", "zh"], None, "en", ("zh", "en")),
        (["en", "zh", "de"], "en", "zh", ("en", "zh")),
        (["en", "zh", "de"], "en", "zh, de", ("en", "zh,de")),
        (["mr", "ref", "ref2"], None, "ref,ref2", ("mr", "ref,ref2")),
        (["a", "zh,de", "b"], "a", "zh,de", ("a", "zh,de")),
        (["source", "src"], None, None, ("source", "src")),
    ],
)
def test_columns_are_those_named_or_usual_or_the_only_two(tmp_path, columns, source, target, expected):
    table = open_table(tsv(tmp_path, columns))
    assert columns_of(table, source=source, target=target) == expected
    config = Seq2SeqConfig(source=source, target=target).resolved(table)
    targets = tuple(expected[1].split(",")) if expected[1] not in columns else expected[1]
    assert (config.source, config.target) == (expected[0], targets)


@pytest.mark.parametrize(
    ("columns", "source", "target", "message"),
    [
        (
            ["en", "zh", "de"],
            None,
            None,
            r"the source and which the target among `en`, `zh`, `de`\nhint: pass --source NAME --target",
        ),
        (["en", "zh", "de"], "en", None, "cannot tell which column is the target"),
        (["en", "zh", "de"], None, "zh", "cannot tell which column is the source"),
        (["en", "zh"], "fr", None, "there is no column `fr` among `en`, `zh`"),
        (["source", "target"], "sourse", None, r"no column `sourse` .*\nhint: did you mean `source`\?"),
        (["en", "zh"], "en", "ja", "there is no column `ja`"),
        (["en", "zh", "de"], "en", "zh,ja", "there is no column `ja`"),
        (["en", "zh"], "zh", "zh", "`zh` is named as the source and as the target"),
        (["en", "zh"], "zh", "en,zh", "`zh` is named as the source and as the target"),
    ],
)
def test_columns_that_are_not_plain_are_refused(tmp_path, columns, source, target, message):
    path = tsv(tmp_path, columns)
    with pytest.raises(InputError, match=message) as error:
        columns_of(open_table(path), source=source, target=target)
    assert error.value.where == str(path)


def test_one_column_is_refused(tmp_path):
    path = tmp_path / "novel.txt"
    path.write_text("春眠不觉晓\n", encoding="utf-8")
    with pytest.raises(InputError, match="`text`"):
        columns_of(open_table(path), source=None, target=None)


def test_a_column_with_a_comma_in_its_name_is_one(tmp_path):
    table = open_table(tsv(tmp_path, ["a", "b", "a,b"]))
    assert columns_of(table, source="a", target="a,b") == ("a", "a,b")
    assert columns_of(table, source="a,b", target="b, a") == ("a,b", "b,a")


def test_another_table_is_read_by_the_same_columns_where_it_has_them(tmp_path):
    config = Seq2SeqConfig(source="en", target="a,b")
    again = config.for_table(open_table(tsv(tmp_path, ["b", "en", "a"])))
    assert (again.source, again.target) == ("en", ("a", "b"))
    other = config.for_table(open_table(tsv(tmp_path, ["target", "source", "id"])))
    assert (other.source, other.target) == ("source", "target")
    named = config.for_table(open_table(tsv(tmp_path, ["en", "a", "b", "zh"])), named={"source": "zh", "target": "b"})
    assert (named.source, named.target) == ("zh", "b")
    for columns, expected in ((["zh", "en"], ("en", "zh")), (["zh", "x"], ("x", "zh")), (["x", "译文"], ("x", "译文"))):
        found = Seq2SeqConfig(source="en", target="zh").for_table(open_table(tsv(tmp_path, columns)))
        assert (found.source, found.target) == expected
    comma = Seq2SeqConfig(source="en", target="zh,de")
    assert comma.for_table(open_table(tsv(tmp_path, ["zh,de", "en", "id"]))).target == "zh,de"


@pytest.mark.parametrize("columns", [["chinese", "english"], ["英", "中"], ["a", "b", "c"]])
def test_of_two_strange_columns_the_first_is_not_taken_for_the_source(tmp_path, columns):
    with pytest.raises(InputError, match=r"no columns `en` and `zh`, as in training, among .*\nhint: .*--source NAME"):
        Seq2SeqConfig(source="en", target="zh").for_table(open_table(tsv(tmp_path, columns)))


def test_inputs_are_read_from_the_column_of_the_source_or_the_only_one(tmp_path):
    config = Seq2SeqConfig(source="en", target="zh")
    for columns, text, expected in (
        (["id", "en"], None, "en"),
        (["id", "fr"], "fr", "fr"),
        (["fr"], None, "fr"),
        (["id", "原文"], None, "原文"),
        (["zh", "fr"], None, "fr"),
    ):
        found = config.for_inputs(open_table(tsv(tmp_path, columns)), named={"source": text})
        assert (found.source, found.target) == (expected, None)
    with pytest.raises(InputError, match=r"no column `en`, as in training, among `id`, `fr`\nhint: .*--column NAME"):
        config.for_inputs(open_table(tsv(tmp_path, ["id", "fr"])))
    with pytest.raises(InputError, match="there is no column `de`"):
        config.for_inputs(open_table(tsv(tmp_path, ["en", "fr"])), named={"source": "de"})


def test_files_side_by_side_are_a_table_of_their_suffixes(tmp_path):
    for suffix, side in (("en", 0), ("zh", 1)):
        lines = "".join(f"{pair[side]}\n" for pair in PAIRS)
        (tmp_path / f"train.{suffix}").write_text(lines, encoding="utf-8")
    table = open_table(f"{tmp_path / 'train.en'},{tmp_path / 'train.zh'}")
    assert columns_of(table, source=None, target=None) == ("en", "zh")
    assert columns_of(table, source="zh", target=None) == ("zh", "en")
    config = Seq2SeqConfig().resolved(table)
    assert list(config.read(table)) == [SourceTarget(source, (target,)) for source, target in PAIRS]
    assert [one.line for one in config.read(table)] == [1, 2, 3]


# rows


def test_rows_become_pairs_with_their_lines(tmp_path):
    table = open_table(jsonl(tmp_path, *({"en": source, "zh": target} for source, target in PAIRS)))
    read = list(source_targets_of(table, source="zh", targets=("en",)))
    assert read == [SourceTarget(target, (source,)) for source, target in PAIRS]
    assert [one.line for one in read] == [1, 2, 3]
    assert [one.targets for one in source_targets_of(table, source="en", targets=())] == [(), (), ()]


def test_lists_and_several_columns_are_several_targets(tmp_path):
    rows = [
        {"mr": "name[The Vaults]", "ref": ["The Vaults is a pub.", "A pub: The Vaults."], "zh": "酒吧"},
        {"mr": "name[蓝调]", "ref": "蓝调很好。", "zh": "  "},
        {"mr": "name[x]", "ref": ["", "x."], "zh": "某店"},
    ]
    table = open_table(jsonl(tmp_path, *rows))
    assert [one.targets for one in source_targets_of(table, source="mr", targets=("ref", "zh"))] == [
        ("The Vaults is a pub.", "A pub: The Vaults.", "酒吧"),
        ("蓝调很好。",),
        ("x.", "某店"),
    ]


@pytest.mark.parametrize(
    ("row", "what", "column"),
    [
        ({"en": " ", "zh": "好"}, "source is empty", "en"),
        ({"en": "good", "zh": "\u3000"}, "target is empty", "zh"),
        ({"en": "good", "zh": []}, "target is empty", "zh"),
        ({"zh": "好"}, "source is empty", "en"),
        ({"en": "good"}, "target is empty", "zh"),
    ],
)
def test_an_empty_side_is_refused_or_left_out(tmp_path, row, what, column):
    path = jsonl(tmp_path, {"en": "fine", "zh": "好"}, row, {"en": "late", "zh": "晚"})
    with pytest.raises(InputError, match=what) as error:
        list(source_targets_of(open_table(path), source="en", targets=("zh",)))
    assert error.value.where.startswith(f"{path}:2")
    table = open_table(path, on_bad_row="skip")
    assert [one.line for one in source_targets_of(table, source="en", targets=("zh",))] == [1, 3]
    assert [(bad.line, bad.what, bad.column) for bad in table.bad] == [(2, what, column)]


# grouping and cleaning

few = st.lists(st.tuples(st.sampled_from("ab马"), st.sampled_from(["x", "y", "好"])), max_size=12)


@given(few)
def test_sources_are_grouped_with_all_their_targets(pairs):
    examples = [SourceTarget(source, (target,), line) for line, (source, target) in enumerate(pairs, 1)]
    found = grouped(examples)
    sources = [source for source, _ in pairs]
    assert [one.source for one in found] == list(dict.fromkeys(sources))
    for one in found:
        assert list(one.targets) == list(dict.fromkeys(target for source, target in pairs if source == one.source))
        assert one.line == 1 + sources.index(one.source)
    assert grouped(found) == found


def test_references_of_one_source_are_scored_together_when_asked():
    rows = [SourceTarget("a", ("x",)), SourceTarget("b", ("y",)), SourceTarget("a", ("好",))]
    assert Seq2SeqConfig().evaluation_examples(rows) == rows
    assert Seq2SeqConfig(references="all").evaluation_examples(rows) == [
        SourceTarget("a", ("x", "好")),
        SourceTarget("b", ("y",)),
    ]


def test_training_learns_from_each_target_once():
    examples = [
        SourceTarget("good", ("好", "很好"), 1),
        SourceTarget("bad", ("坏",), 2),
        SourceTarget("good", ("好",), 3),
    ]
    kept, said = Seq2SeqConfig().filter_training(examples)
    assert kept == [SourceTarget("good", ("好",)), SourceTarget("good", ("很好",)), SourceTarget("bad", ("坏",))]
    assert [one.line for one in kept] == [1, 1, 2]
    assert said == ["1 of 4 pairs that repeat an earlier pair: dropped"]
    kept, said = Seq2SeqConfig(duplicates="keep").filter_training(examples)
    assert [one.line for one in kept] == [1, 1, 2, 3]
    assert said == ["1 of 4 pairs that repeat an earlier pair: kept"]


def test_unlike_lengths_are_told_and_dropped_only_when_asked():
    examples = [SourceTarget(f"this is sentence number {row}", (f"这是第 {row} 句话",)) for row in range(20)]
    examples.insert(7, SourceTarget("hello there", ("一" * 90,)))
    kept, said = Seq2SeqConfig().filter_training(examples)
    assert kept == examples
    (told,) = said
    assert told.startswith("1 of 21 pairs with a length ratio over 3 times the usual one: kept")
    assert "task.longest_ratio=3" in told
    kept, said = Seq2SeqConfig(longest_ratio=4).filter_training(examples)
    assert kept == [one for one in examples if one.source != "hello there"]
    assert said == ["1 of 21 pairs with a length ratio over 4 times the usual one: dropped"]


def test_pairs_that_say_nothing_are_dropped():
    kept, said = Seq2SeqConfig().filter_training([SourceTarget("good", ("好",)), SourceTarget("\u200b", ("坏",))])
    assert kept == [SourceTarget("good", ("好",))]
    assert said == ["1 of 2 pairs with an empty source or target: dropped"]


def test_what_stands_in_train_too_and_repeated_sources_are_said():
    train = [SourceTarget(source, (target,)) for source, target in PAIRS]
    dev = [SourceTarget("Hello!", (target,)) for target in ("你好！", "您好！", "喂！")]
    parts, files = {"train": train, "dev": dev}, {"train": "train.jsonl", "dev": "dev.jsonl"}
    assert Seq2SeqConfig().data_notes(parts, files, {}) == [
        "3 of 3 sources of dev also in train: kept",
        "many rows of dev have the source of another: task.references=all takes the targets of one source as its "
        "references",
    ]
    config = Seq2SeqConfig(references="all")
    assert config.data_notes({"train": train, "dev": config.evaluation_examples(dev)}, files, {}) == [
        "1 of 1 source of dev also in train: kept"
    ]
    assert Seq2SeqConfig().data_notes({"train": train, "dev": [SourceTarget("Bye!", ("再见！",))]}, files, {}) == []


@pytest.mark.parametrize("first", [("A dog runs.", "一只狗在跑。"), ("12", "十二")])
def test_a_table_without_a_header_is_refused(tmp_path, first):
    path = tmp_path / "pairs.tsv"
    rows = [first, ("It is late.", "很晚了。"), ("He reads a book.", "他在看书。")]
    path.write_text("".join(f"{one}\t{other}\n" for one, other in rows), encoding="utf-8")
    with pytest.raises(InputError, match="the first line looks like a row"):
        columns_of(open_table(path), source=None, target=None)


TATOEBA = [
    (text, text[::-1], f"CC-BY 2.0 (France) #{number}")
    for number, text in enumerate(["it rains", "房间很小", "a dull day", "早上好", "we go now", "no, thanks"])
]


@pytest.mark.parametrize("header", [None, ("en", "zh", "licence")])
def test_of_pairs_with_their_origin_beside_them_the_texts_are_read(tmp_path, header):
    lines = ["\t".join(row) for row in ([header] if header else []) + TATOEBA]
    (tmp_path / "cmn.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    table = open_table(tmp_path / "cmn.tsv")
    assert Seq2SeqConfig.fits(table, label=None) is (header is None)
    config = Seq2SeqConfig().resolved(table)
    assert (config.source, config.target) == (("en", "zh") if header else ("column 1", "column 2"))
    pairs = [(one.source, one.targets[0]) for one in config.read(table)]
    assert pairs == [(source, target) for source, target, _ in TATOEBA]
