"""Sounds of all forms become the same samples, and what is wrong with a file is named."""

import base64
import io
import struct
import tarfile

import numpy as np
import pytest
import soundfile

from tests.sounds import tone
from weft.data.formats import sound_files
from weft.data.formats.media_files import content_hash
from weft.data.formats.sound_files import is_sound, listen_to, playable, samples_of, save_sound
from weft.errors import InputError

TONE = tone("tone", seconds=0.5)


def packed(form="WAV", *, rate=8000, samples=TONE, **settings):
    """The bytes of a file."""
    content = io.BytesIO()
    soundfile.write(content, samples, rate, format=form, **settings)
    return content.getvalue()


def written(folder, content, name="声.wav"):
    path = folder / name
    path.write_bytes(content)
    return str(path)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff", ".ogg", ".mp3"])
def test_every_form_gives_the_same_samples(tmp_path, suffix):
    path = str(tmp_path / f"声{suffix}")
    save_sound(path, TONE, rate=8000)
    found = samples_of(path, rate=8000)
    assert found.dtype == np.int16
    assert is_sound(path)
    if suffix in (".ogg", ".mp3"):  # which keep what is heard
        found = found[: len(TONE)]
        assert np.corrcoef(found, TONE[: len(found)])[0, 1] > 0.98
    else:
        np.testing.assert_array_equal(found, TONE)
    heard = listen_to(path)
    assert (heard.rate, heard.channels) == (8000, 1)
    assert heard.seconds == pytest.approx(0.5, abs=0.08)
    assert heard.peak == pytest.approx(np.abs(TONE).max() / 32768, abs=0.02)


def test_channels_are_averaged_and_depths_brought_to_sixteen_bits(tmp_path):
    two = np.stack([TONE, np.zeros_like(TONE)], 1)
    path = written(tmp_path, packed(samples=two))
    np.testing.assert_allclose(samples_of(path, rate=8000), TONE / 2, atol=0.51)
    assert listen_to(path).channels == 2
    for depth in ("PCM_24", "FLOAT", "PCM_U8"):
        path = written(tmp_path, packed(samples=TONE / 32768, subtype=depth), f"{depth}.wav")
        np.testing.assert_allclose(samples_of(path, rate=8000), TONE, atol=1 if depth != "PCM_U8" else 260)
    loud = written(tmp_path, packed(samples=np.array([3.0, -3.0] * 50), subtype="FLOAT"), "loud.wav")
    assert samples_of(loud, rate=8000).tolist() == [32767, -32768] * 50
    assert listen_to(loud).clipped == 1


def test_another_rate_keeps_tone_and_length(tmp_path):
    path = written(tmp_path, packed())
    twice = samples_of(path, rate=16000)
    assert len(twice) == 2 * len(TONE)
    np.testing.assert_allclose(twice[200:-200:2], TONE[100:-100], atol=700)
    assert len(samples_of(path, rate=16000, seconds=0.1)) == 1600


def test_a_sound_in_an_archive_is_that_of_the_file(tmp_path):
    path = written(tmp_path, packed())
    with tarfile.open(tmp_path / "声.tar.xz", "w:xz") as archive:
        archive.add(path, "a/声.wav")
    inside = str(tmp_path / "声.tar.xz/a/声.wav")
    np.testing.assert_array_equal(samples_of(inside, rate=8000), TONE)
    assert content_hash(inside) == content_hash(path)


WAV, FLAC, OGG, MP3 = (packed(form) for form in ("WAV", "FLAC", "OGG", "MP3"))
BAD = {
    "empty": (b"", "is empty, expected a sound"),
    "text": ("这是文字 a text".encode(), "is no sound, expected WAV"),
    "web page": (b"<!DOCTYPE html><html></html>", "is no sound, expected WAV"),
    "header alone": (packed(samples=TONE[:0]), "has no samples"),
    "rate 0": (WAV[:24] + struct.pack("<I", 0) + WAV[28:], "has 0 samples a second"),
    "rate 10^9": (WAV[:24] + struct.pack("<I", 10**9) + WAV[28:], "has 1,000,000,000 samples a second"),
    "half a wav": (WAV[: len(WAV) // 2], "is cut short: 0.25 of 0.50 seconds"),
    "half a flac": (FLAC[: len(FLAC) // 2], "is a damaged sound"),
    "half an ogg": (OGG[: len(OGG) // 2], "is a damaged sound"),
    "not a number": (packed(samples=np.full(80, np.nan), subtype="FLOAT"), "samples that are no numbers"),
    "hours": (packed(samples=np.zeros(1300 * 1000, np.int16), rate=1000), "is 1,300 seconds long, expected at most"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said(tmp_path, case):
    content, said = BAD[case]
    path = written(tmp_path, content)
    for read in (listen_to, lambda one: samples_of(one, rate=8000)):
        with pytest.raises(InputError, match=said) as error:
            read(path)
        assert error.value.where == path


def test_half_an_mp3_is_cut_short(tmp_path, capfd):
    whole = packed("MP3", samples=np.tile(TONE, 4))
    with pytest.raises(InputError, match="cut short"):
        listen_to(written(tmp_path, whole[: len(whole) // 2], "声.mp3"))
    capfd.readouterr()  # the decoder warns too


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(InputError, match="there is no such file, expected a sound"):
        listen_to(str(tmp_path / "无.wav"))


def test_a_wav_of_a_program_that_could_not_know_its_length_is_read(tmp_path):
    place = WAV.index(b"data") + 4
    for unknown in (0xFFFFFFFF, 0x7FFFFFFF):
        path = written(tmp_path, WAV[:place] + struct.pack("<I", unknown) + WAV[place + 4 :], f"{unknown}.wav")
        np.testing.assert_array_equal(samples_of(path, rate=8000), TONE)


def test_a_page_gets_the_first_seconds_as_what_every_browser_plays(tmp_path):
    address = playable(written(tmp_path, packed(samples=np.tile(TONE, 6))), seconds=2)
    kind, content = address.split(";base64,")
    assert kind in ("data:audio/mpeg", "data:audio/wav")
    played, rate = soundfile.read(io.BytesIO(base64.b64decode(content)))
    assert len(played) / rate == pytest.approx(2, abs=0.15)
    assert len(content) < 40_000
    assert playable(str(tmp_path / "gone.wav")) == ""


def test_without_the_extra_the_pip_line_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "soundfile", None)
    sound_files._libraries.cache_clear()
    with pytest.raises(sound_files.MissingExtra, match="soundfile") as error:
        samples_of(written(tmp_path, WAV), rate=8000)
    assert "weft[media]" in error.value.hint
    sound_files._libraries.cache_clear()
