"""Transcription: what is learned, equal in batches and padded, what the doctor says, and how columns are found."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.sounds import RATE, played, tone
from weft.config import validated
from weft.data.examples.transcribed import Transcribed
from weft.data.formats.sound_files import save_sound
from weft.data.sources import Row, open_table
from weft.errors import ConfigError, InputError
from weft.models.ctc import CtcModel
from weft.tasks.generation.generator import GeneratedText
from weft.tasks.transcription import SAYING_NOTHING, Transcription, TranscriptionConfig

WORDS = ["ab", "b a", "你好", "a"]
EXAMPLES = [
    Transcribed(path, words, line) for line, (path, words) in enumerate(zip(played(WORDS), WORDS, strict=True), 1)
]
QUIET = dict.fromkeys(("speed", "delay", "loudness", "noise", "frequency_masks", "time_masks"), 0)
ENCODER = {"channels": 8, "stages": 1, "width": 8, "hidden": 8, "layers": 1, "dropout": 0, "augmentation": QUIET}
SMALL = {"sound": {"column": "clip", "bands": 16, "encoder": ENCODER}, "target": "words"}


def config(**settings):
    return validated(TranscriptionConfig, {**SMALL, **settings})


def built(task):
    torch.manual_seed(0)
    return task.build_model().eval()


def test_labels_are_the_characters_of_the_transcripts_and_the_blank_is_another():
    task = config().learn(EXAMPLES)
    assert task.blank == 2 + len(set("".join(WORDS)))
    columns = task.encode(EXAMPLES)
    ids = columns.ragged["target"]
    assert ids.lengths_R.tolist() == [2, 3, 2, 1]
    assert task.tokenizer.decode(np.split(ids.values, ids.offsets_R1[1:-1])) == WORDS
    assert task.blank not in ids.values
    words = config(tokenizer={"kind": "word", "vocabulary": {"min_count": 1}}).learn(EXAMPLES)
    assert words.encode(EXAMPLES).ragged["target"].lengths_R.tolist() == [1, 2, 1, 1]


def test_each_sound_is_answered_alone_as_among_others_and_loaded_it_is_the_same(tmp_path):
    task = config().learn(EXAMPLES)
    model = built(task)
    task.save(tmp_path)
    again = task.config.load(tmp_path)
    assert isinstance(again, Transcription)

    def told(one, examples):
        columns = one.encode(examples)
        parts = one.predict(model, one.collate(columns, np.arange(len(examples))))
        return one.answers(parts, columns)

    with torch.inference_mode():
        whole = told(task, EXAMPLES)
        assert [one.text for one in told(again, EXAMPLES)] == [one.text for one in whole]
        for example, answer in zip(EXAMPLES, whole, strict=True):
            (alone,) = told(task, [example])
            assert alone.text == answer.text
            assert alone.log_probability == pytest.approx(answer.log_probability, abs=1e-4)
            assert alone.loss.nats == pytest.approx(answer.loss.nats, abs=1e-4)


def test_of_known_words_alone_no_others_are_written(tmp_path):
    task = config(words="known").learn(EXAMPLES)
    assert task.words == ["a", "ab", "b", "你好"]
    task.save(tmp_path)
    again = task.config.load(tmp_path)
    assert again.lexicon == task.lexicon
    model, columns = built(task), task.encode(EXAMPLES)
    with torch.inference_mode():
        parts = again.predict(model, again.collate(columns, np.arange(4)))
    for answer in again.answers(parts, columns):
        assert set(answer.text.split()) <= set(task.words)
    chinese = [replace(one, transcript="你好") for one in EXAMPLES]
    with pytest.raises(ConfigError, match="no label is the blank between words"):
        config(words="known").learn(chinese)


def test_the_loss_of_a_batch_is_the_sum_of_its_rows():
    task = config().learn(EXAMPLES)
    model, columns = built(task), task.encode(EXAMPLES)
    whole = task.loss(model, task.collate(columns, np.arange(4)), 0)
    rows = [task.loss(model, task.collate(columns, np.array([row])), 0) for row in range(4)]
    assert whole.sum.item() == pytest.approx(sum(one.sum.item() for one in rows), rel=1e-4)
    assert float(whole.count) == sum(float(one.count) for one in rows) == 8
    with pytest.raises(InputError, match="sounds without a transcript"):
        task.loss(model, task.collate(task.encode([Transcribed(EXAMPLES[0].sound)]), np.array([0])), 0)


def test_it_learns_to_tell_two_tones(tmp_path):
    rows = []
    for number in range(8):
        path = tmp_path / f"{number}.wav"
        save_sound(path, tone(f"tone {number % 2}", seconds=0.12), rate=RATE)
        rows.append(Transcribed(str(path), ("ba", "高 b")[number % 2], number))
    task = config().learn(rows)
    model, columns = built(task).train(), task.encode(rows)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for step in range(60):
        loss = task.loss(model, task.collate(columns, np.arange(8)), step)
        optimizer.zero_grad()
        (loss.sum / loss.count).backward()
        optimizer.step()
    with torch.inference_mode():
        parts = task.predict(model.eval(), task.collate(columns, np.arange(8)))
    answers = task.answers(parts, columns)
    assert [one.text for one in answers] == [one.transcript for one in rows]
    assert task.quick_scores(answers, rows)["cer"] == 0


def test_targets_without_room_are_named_or_refused_with_the_fix(tmp_path):
    save_sound(tmp_path / "short.wav", tone("short", seconds=0.05), rate=RATE)  # 6 frames, 3 positions
    short = Transcribed(str(tmp_path / "short.wav"), "aab", 9)  # which needs 4, for the two equal ones
    task = config().learn([*EXAMPLES, short])
    (note,) = task.initialize(built(task), task.encode([*EXAMPLES, short]))
    assert note.startswith("1 of 5 transcripts need more positions than their sounds have (line 9 has 3 and needs 4)")
    assert "line 9" in note
    fits = replace(short, transcript="aba")
    assert task.initialize(built(task), task.encode([*EXAMPLES, fits])) == []
    deep = config(sound={**SMALL["sound"], "encoder": {**ENCODER, "stages": 3}}).learn([short])
    with pytest.raises(ConfigError, match="need more positions than their sounds have") as error:
        deep.initialize(built(deep), deep.encode([short, short]))
    assert "stages" in error.value.hint or "stages" in error.value.where


def test_silent_sounds_are_named(tmp_path):
    save_sound(tmp_path / "silent.wav", np.zeros(800, np.int16), rate=RATE)
    silent = Transcribed(str(tmp_path / "silent.wav"), "a", 7)
    notes = config().data_notes({"train": [*EXAMPLES, silent], "dev": EXAMPLES[:1]}, {}, {})
    assert "1 sound in which nothing is heard, though it has a transcript: line 7" in notes
    assert "1 of 1 dev transcripts also in train" in notes


def test_a_collapse_to_blanks_is_said_with_what_helps():
    task = config().learn(EXAMPLES)
    blank = [GeneratedText("", -1.0)] * 4
    said = task.score(blank, EXAMPLES).details["against"][SAYING_NOTHING]["said"]
    assert "no better than writing nothing" in said
    assert "4 of 4 outputs are blank throughout" in said
    assert "training.epochs" in said
    right = [GeneratedText(one.transcript, -1.0) for one in EXAMPLES]
    found = task.score(right, EXAMPLES)
    assert found.values["cer"].value == 0
    assert "blank" not in found.details["against"][SAYING_NOTHING]["said"]


def table(folder, rows):
    (folder / "行.jsonl").write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
    )
    return open_table(folder / "行.jsonl")


def test_columns_are_found_and_bad_rows_named(tmp_path):
    save_sound(tmp_path / "1.wav", tone("1", seconds=0.1), rate=RATE)
    found = TranscriptionConfig().resolved(table(tmp_path, [{"audio": "1.wav", "文本": "你 好"}]))
    assert (found.sound.column, found.target) == ("audio", "文本")
    (one,) = found.read(table(tmp_path, [{"audio": "1.wav", "文本": "你  好 "}]))
    assert one == Transcribed(str(tmp_path / "1.wav"), "你 好")
    for row, said in (
        ({"audio": "1.wav", "文本": " "}, "transcript is empty"),
        ({"audio": "2.wav", "文本": "好"}, "no such file"),
    ):
        with pytest.raises(InputError, match=said):
            list(found.read(table(tmp_path, [row])))
    with pytest.raises(InputError, match="is named as the sound and as its transcript"):
        TranscriptionConfig(target="audio").resolved(table(tmp_path, [{"audio": "1.wav", "文本": "好"}]))


def test_from_python_a_path_is_an_example(tmp_path):
    save_sound(tmp_path / "1.wav", tone("1", seconds=0.1), rate=RATE)
    given = config()
    assert given.example(str(tmp_path / "1.wav")).sound == str(tmp_path / "1.wav")
    assert given.example_of({"clip": str(tmp_path / "1.wav")}).transcript is None
    with pytest.raises(InputError, match="no column `sound`"):
        given.example_of({"sound": "1.wav"})
    with pytest.raises(InputError, match="no such file"):
        given.sound.value_of(Row({"clip": "none.wav"}, 1))
    assert isinstance(built(given.learn(EXAMPLES)), CtcModel)
