"""Sounds as an input: what is decided of them by training sounds, how they are read, kept and compared."""

import json

import numpy as np
import pytest

from tests.sounds import RATE, played, tone
from weft import store
from weft.data.examples.labelled import LabelledText
from weft.data.formats.sound_files import samples_of, save_sound
from weft.data.sources import Row, open_table
from weft.errors import InputError
from weft.inputs.media import column_of
from weft.inputs.sound import SOUND, SoundInputConfig, nearest_sounds

PATHS = played(["one", "two", "三", "四"])


def examples(paths):
    return [LabelledText("", "a", other={"sound": path}) for path in paths]


def learned(paths, **settings):
    return SoundInputConfig(column="sound", **settings).learned(examples(paths))


def table(folder, names, column="sound"):
    path = folder / "行.jsonl"
    path.write_text("".join(json.dumps({column: name, "label": "a"}) + "\n" for name in names), encoding="utf-8")
    return open_table(path)


def write(folder, name, *, rate=RATE, seconds=0.1):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    save_sound(path, tone(name, seconds=seconds * rate / RATE), rate=rate)
    return str(path)


def test_the_rate_is_that_of_the_training_sounds_up_to_sixteen_thousand(tmp_path):
    assert (learned(PATHS).config.rate, learned(PATHS).config.bands) == (8000, 64)
    high = [write(tmp_path, "high.wav", rate=44100)]
    assert learned([*high, *PATHS]).config.rate == 16000
    assert learned([write(tmp_path, "middle.wav", rate=11025), *PATHS]).config.rate == 11025
    by_hand = learned(PATHS, rate=4000, bands=12).config
    assert (by_hand.rate, by_hand.bands) == (4000, 12)
    assert learned([write(tmp_path, "low.wav", rate=1000)]).config.bands == 8


def test_means_and_deviations_are_those_of_training():
    one = learned(PATHS)
    bands_FN = np.concatenate([one.config.log_mel(path) for path in PATHS], 1)
    np.testing.assert_allclose(one.mean, bands_FN.mean(1), rtol=1e-5)
    own_F = bands_FN.std(1)
    np.testing.assert_allclose(one.deviation, np.maximum(own_F, max(1.0, own_F.mean())), rtol=1e-5)


def test_batches_hold_the_samples_of_their_rows_and_loaded_it_is_the_same(tmp_path):
    one = learned(PATHS)
    one.save(tmp_path)
    again = one.config.loaded(tmp_path)
    assert again.spec() == one.spec()
    columns = again.encode(PATHS)
    batch = again.collate(columns, np.array([2, 0]))
    for row, length, path in zip(batch.samples_BN.numpy(), batch.lengths_B, (PATHS[2], PATHS[0]), strict=True):
        np.testing.assert_array_equal(row[:length], samples_of(path, rate=8000))
        assert not row[length:].any()
    assert columns.cost_R.tolist() == [1 + len(samples_of(path, rate=8000)) // 80 for path in PATHS]


def test_of_a_long_sound_the_beginning_is_read_and_that_is_said(tmp_path):
    long = write(tmp_path, "long.wav", seconds=0.5)
    one = learned([long, *PATHS], seconds=0.2)
    columns = one.encode([long, *PATHS])
    assert columns.ragged["sound"].lengths_R[0] == 1600
    notes = one.notes({"train": columns})
    assert notes[0].startswith("5 sounds of 0.0 minutes, read at 8,000 Hz in 64 bands")
    assert notes[1] == "1 sound of more than 0.2 s: the rest is not read (task.sound.seconds)"
    assert notes[2].startswith("changed at random in training: faster and slower")


@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        ("", "sound is empty", "each row needs a sound"),
        ("http://example.com/1.wav", "is an address, expected a file", "download the sounds first"),
        ("无.wav", "there is no such file", "--set task.sound.folder=FOLDER"),
        ("text.wav", "is no sound, expected WAV", "ffmpeg"),
    ],
)
def test_what_is_no_sound_is_refused_with_a_way_out(tmp_path, name, said, hint):
    write(tmp_path, "1.wav")
    (tmp_path / "text.wav").write_text("文字", encoding="utf-8")
    config = SoundInputConfig().resolved(table(tmp_path, ["1.wav"]))
    assert config.value_of(Row({"sound": "1.wav"}, 1)) == str(tmp_path / "1.wav")
    with pytest.raises(InputError, match=said) as error:
        config.value_of(Row({"sound": name}, 1))
    assert hint in error.value.hint


def test_a_column_of_sounds_is_known_by_its_name_and_values(tmp_path):
    write(tmp_path, "1.wav")
    for name in ("录音", "audio", "file"):
        assert column_of(SOUND, table(tmp_path, ["1.wav", "2.MP3"], column=name)) == name
    assert column_of(SOUND, table(tmp_path, ["0.wav", "1.wav"], column="audio")) == ""
    assert column_of(SOUND, table(tmp_path, ["1.png"], column="file")) == ""
    assert column_of(SOUND, table(tmp_path, ["1.wav"], column="title")) == ""


def test_the_nearest_sound_is_the_one_with_the_same_spectrum(tmp_path):
    softer = []
    for number, path in enumerate(PATHS):
        softer.append(str(tmp_path / f"{number}.wav"))
        save_sound(tmp_path / f"{number}.wav", (samples_of(path, rate=RATE) * 0.9).astype(np.int16), rate=RATE)
    assert nearest_sounds(softer[::-1], PATHS).tolist() == [3, 2, 1, 0]
    assert nearest_sounds([], PATHS).tolist() == []


def test_many_sounds_are_kept_in_a_file_and_are_the_same(monkeypatch):
    one = learned(PATHS)
    small = one.encode(PATHS * 3)
    monkeypatch.setattr(store, "BEYOND", 1000)
    large = one.encode(PATHS * 3)
    assert not large.ragged["sound"].values.flags.writeable
    rows = np.array([7, 0, 11])
    assert one.collate(large, rows).samples_BN.equal(one.collate(small, rows).samples_BN)
    assert len(one.encode([])) == 0
