"""Conversations and instructions: every form in use gives exchanges, and answers alone are learned."""

import json

import numpy as np
import pytest

from tests.data.tables import written
from weft.config import kind_of, validated
from weft.data.examples.conversations import Exchange, conversation_columns, exchanges_of
from weft.data.sources import open_table
from weft.dataset import DataConfig, read_whole
from weft.errors import InputError
from weft.inputs.documents import COUNTED
from weft.tasks.choices import KINDS, implied

TALK = [
    ("system", "Be kind. 友好些。"),
    ("user", "好吗？"),
    ("assistant", "Yes."),
    ("user", "Why?"),
    ("assistant", "因为好。"),
]


def lines(folder, *rows, name="a.jsonl"):
    return written(folder, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), name)


def found(path, **options):
    table = open_table(path)
    return [one for _, one in exchanges_of(table, conversation_columns(table, **options), **options)]


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [{"role": role, "content": said} for role, said in TALK]},
        {"messages": [{"role": role, "content": [{"type": "text", "text": said}]} for role, said in TALK]},
        {"messages": json.dumps([{"role": role, "content": said} for role, said in TALK])},
        {"conversations": [{"from": {"user": "human", "assistant": "gpt"}.get(role, role), "value": said}
                           for role, said in TALK]},
    ],
)  # fmt: skip
def test_each_answer_of_a_conversation_is_an_exchange(tmp_path, row):
    path = lines(tmp_path, row)
    assert found(path) == [Exchange(tuple(TALK[:2]), "Yes."), Exchange(tuple(TALK[:4]), "因为好。")]
    assert found(path, answering=True) == [Exchange(tuple(TALK[:4]))]


def test_instructions(tmp_path):
    rows = [
        {"instruction": "Translate", "input": "马", "output": "horse"},
        {"instruction": "问", "input": "", "output": "b"},
    ]
    path = written(tmp_path, json.dumps(rows, ensure_ascii=False), "a.json")
    assert found(path) == [Exchange((("user", "Translate\n马"),), "horse"), Exchange((("user", "问"),), "b")]
    asked = lines(tmp_path, {"instruction": "Translate", "input": "马"})
    assert found(asked, answering=True) == [Exchange((("user", "Translate\n马"),))]


def test_how_they_are_written():
    assert Exchange(tuple(TALK[1:2])).prompt == "<|user|>\n好吗？\n<|assistant|>\n"
    assert Exchange(tuple(TALK[:2])).source == "Be kind. 友好些。\n好吗？"
    assert Exchange(tuple(TALK[1:4])).source == "user: 好吗？\nassistant: Yes.\nuser: Why?"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"messages": []}, "expected turns in `messages`"),
        ({"messages": "none"}, "expected turns in `messages`"),
        ({"messages": [{"role": "user"}]}, "expected a turn with `role` and `content`"),
        ({"messages": [{"role": "user", "content": "好"}]}, "has no answer of an assistant"),
        (
            {"messages": [{"role": "user", "content": "好"}, {"role": "assistant", "content": " "}]},
            "an answer is empty",
        ),
        ({"instruction": " ", "output": "b"}, "instruction is empty"),
        ({"instruction": "好", "output": ""}, "an answer is empty"),
    ],
)
def test_what_is_no_conversation(tmp_path, row, says):
    path = lines(tmp_path, row)
    with pytest.raises(InputError, match=rf"a\.jsonl:1: {says}"):
        found(path)


def test_other_tables_hold_none(tmp_path):
    for row in ({"text": "好", "label": "a"}, {"prompt": "a", "label": "b"}, {"output": "b", "text": "好"}):
        assert conversation_columns(open_table(lines(tmp_path, row))) == ()


# learned


def chats(folder):
    pairs = [[("user", f"{n} 好吗"), ("assistant", f"是 {n}")] for n in range(8)]
    return lines(folder, *({"messages": [{"role": role, "content": said} for role, said in pair]} for pair in pairs))


def test_where_no_task_is_named_each_answer_is_a_target(tmp_path):
    table = open_table(chats(tmp_path))
    assert (kind_of(implied([], table=table)), kind_of(implied(["label"], table=table, label="messages"))) == (
        "seq2seq",
        "classification",
    )


def test_a_classifier_is_told_what_learns_them(tmp_path):
    with pytest.raises(InputError, match="holds conversations") as caught:
        read_whole(DataConfig(train=chats(tmp_path)), KINDS["classification"]())
    assert "--task seq2seq or --task language_model" in caught.value.hint


@pytest.mark.parametrize("tokenizer", ["char", "bytes"])
def test_a_language_model_learns_the_answers_alone(tmp_path, tokenizer):
    config = validated(
        KINDS["language_model"], {"tokenizer": tokenizer, "decoder": {"width": 8, "layers": 1, "heads": 1}}
    )
    whole = read_whole(DataConfig(train=chats(tmp_path)), config)
    assert (whole.task.turns, whole.task.unit) == (("messages",), "row")
    assert any("answers alone are learned" in note for note in whole.task.data_notes({"train": whole.train}, {}, {}))
    first = whole.train[0]
    assert (first.text[: first.begin], first.learned) == ("<|user|>\n0 好吗\n<|assistant|>\n", "是 0")
    task = whole.task.learn(whole.train)
    columns = task.encode(whole.train)
    head, tail = (task.tokenizer.encode([text]).lengths_R[0] for text in (first.text[: first.begin], first.learned))
    counted = columns.ragged[COUNTED].values[: columns.ragged[COUNTED].offsets_R1[1], 0]
    assert counted.tolist() == [0] * (1 + head) + [1] * (tail + 1)  # begin and prompt; answer and end
    batch = task.collate(columns, np.arange(2))
    assert int(batch.mask_BT.sum()) == 2 * (tail + 1)
    assert task.loss(task.build_model(), batch, 0).count == 2 * (tail + 1)
    prompt = whole.task.example("1 好吗")
    assert prompt.text == "<|user|>\n1 好吗\n<|assistant|>\n"
    ids = task.encode([prompt]).ragged["prompt"].values[:, 0]
    assert ids.tolist() == columns.ragged["text"].values[columns.ragged["text"].offsets_R1[1] :][: len(ids), 0].tolist()


def test_a_model_that_writes_has_the_answers_as_targets(tmp_path):
    path = chats(tmp_path)
    config = KINDS["seq2seq"]().resolved(open_table(path))
    assert [(one.source, one.targets) for one in config.read(open_table(path))][:1] == [("0 好吗", ("是 0",))]
    plain = written(tmp_path, "source\n好吗\n", "b.csv")
    again = config.for_inputs(open_table(plain))
    assert [one.source for one in again.read_inputs(open_table(plain))] == ["好吗"]
    asked = config.for_inputs(open_table(path))
    assert [(one.source, one.targets) for one in asked.read_inputs(open_table(path))][:1] == [("0 好吗", ())]
