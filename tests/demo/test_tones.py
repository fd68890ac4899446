"""Tones: rows in English and Chinese whose names, highest tone and answers are those of what is played."""

import csv

import numpy as np

from weft.data.formats.sound_files import listen_to
from weft.demo import tones

HERTZ = {name: hertz for english, (chinese, hertz) in tones.TONES.items() for name in (english, chinese)}


def test_names_highest_tone_and_answer_are_those_of_the_tones():
    rows = tones.rows(size=60)
    assert {one.highest for one in rows} == set(tones.TONES)
    for one in rows:
        names = one.transcript.split() if one.transcript.isascii() else [*one.transcript]
        assert 2 <= len(names) <= 4
        assert HERTZ[one.highest] == max(HERTZ[name] for name in names)
        last = one.question in tones.ASKED["last"]
        assert one.answer == names[-1 if last else 0]
    assert sum(one.question.isascii() for one in rows) == 30


def test_the_first_tone_is_heard():
    for one in tones.rows(size=12):
        start = one.samples_N[: round(0.08 * tones.RATE)].astype(float)
        loudest = np.abs(np.fft.rfft(start)).argmax() * tones.RATE / len(start)
        first = one.transcript.split()[0] if one.transcript.isascii() else one.transcript[0]
        assert abs(loudest / HERTZ[first] - 1) < 0.12


def test_written_they_are_a_table_beside_its_sounds(tmp_path):
    tones.write(tmp_path, size=4)
    with (tmp_path / "tones.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert tuple(header) == tones.HEADER
    assert len(rows) == 4
    for row in rows:
        assert listen_to(str(tmp_path / row[0])).rate == tones.RATE
    assert [one.transcript for one in tones.rows(size=4)] == [row[2] for row in rows]
