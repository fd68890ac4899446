"""Names are cut alike in sources and targets, known and new, so that they can be copied piece by piece."""

import pytest

from weft.data.examples.source_target import SourceTarget
from weft.inputs.copied import not_copied, spaced, spaced_after
from weft.inputs.source_target import decided
from weft.tasks.seq2seq import Seq2SeqConfig
from weft.text.tokenizers.subwords import BpeTokenizerConfig, WordpieceTokenizerConfig
from weft.text.tokenizers.words import CharTokenizerConfig, WordTokenizerConfig

START = ["Ad", "Bo", "Ce", "Do", "El", "Fa", "Gu"]
NAMES = [one + middle + end for one in START for middle in ("ra", "lin", "mo") for end in ("da", "ber", "s")]
SOURCES = [f"name[{name}], well-known, open 10:30" for name in NAMES]
TARGETS = [f"The well-known {name} is open at 10:30." for name in NAMES]
CHINESE = (
    [f"店名[{one}{other}]，开" for one in "赵钱孙李周吴郑王" for other in "大中小"],
    [f"{one}{other}开了" for one in "赵钱孙李周吴郑王" for other in "大中小"],
)


def learned(**settings):
    pairs = zip(SOURCES, TARGETS, strict=True)
    return Seq2SeqConfig.model_validate(settings).learn([SourceTarget(source, (target,)) for source, target in pairs])


def test_marks_are_those_after_which_targets_have_a_space():
    assert spaced_after(BpeTokenizerConfig(), SOURCES, TARGETS) == "["
    assert spaced_after(BpeTokenizerConfig(), TARGETS, TARGETS) == ""
    assert spaced_after(BpeTokenizerConfig(), *CHINESE) == ""


@pytest.mark.parametrize("config", [WordTokenizerConfig(), CharTokenizerConfig(), WordpieceTokenizerConfig()])
def test_only_pieces_that_hold_spaces_need_them(config):
    assert spaced_after(config, SOURCES, TARGETS) == ""


def test_a_space_comes_between_mark_and_word_and_not_between_digits():
    assert spaced(["name[Ada], 10:30 at:Bo [ Ce [3"], "[:") == ["name[ Ada], 10:30 at: Bo [ Ce [ 3"]
    assert spaced(["店名[北京]"], "[") == ["店名[北京]"]
    assert spaced(SOURCES, "") is SOURCES


@pytest.mark.parametrize("name", [NAMES[0], "Zolinber"])
def test_every_piece_of_a_name_after_a_mark_stands_in_the_source(name):
    task = learned()
    columns = task.encode([SourceTarget(f"name[{name}], well-known", (f"The {name}",))])
    first, last = len(task.tokenizers.target.encode(["The"]).values_NW), len(columns.ragged["target"].values) - 1
    written = columns.ragged["target"].values[first:last, 0].tolist()
    assert written
    assert {*written} <= {*columns.ragged["source"].values[:, 0].tolist()}


def test_the_marks_are_kept_with_the_task_and_can_be_set(tmp_path):
    task = learned()
    assert task.config.spaced_after == "["
    task.save(tmp_path)
    again = task.config.load(tmp_path)
    asked = [SourceTarget(SOURCES[0])]
    same = [one.encode(asked).ragged["source"].values.tolist() for one in (task, again)]
    assert same[0] == same[1]
    assert learned(spaced_after="").encode(asked).ragged["source"].values.tolist() != same[0]


def test_without_copying_sources_are_read_as_they_are():
    assert learned(decoder={"kind": "lstm", "copying": "no"}).config.spaced_after == ""


def test_fewer_subwords_are_learned_where_they_are_copied():
    both = [Seq2SeqConfig(decoder={"kind": "lstm", "copying": copying}) for copying in ("yes", "no")]
    sizes = [decided(config, SOURCES * 60, TARGETS * 60).tokenizer.size for config in both]
    assert sizes == [500, round(60 * sum(len(text.split()) for text in SOURCES + TARGETS) / 60 / 100) * 100]


def test_words_of_the_source_are_left_out():
    assert not_copied(["name[Ada]", "赵在家"], ["Ada is here", "赵来"]) == ["is here", "来"]
