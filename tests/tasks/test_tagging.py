"""Tagging: places in the text as given, windows without a seam, subwords, floors, and several models as one."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.small_tasks import SMALL_TASKS
from weft.config import validated
from weft.data.examples.tagged import LabelledSpan, TaggedText, token_spans
from weft.errors import ConfigError, InputError
from weft.evaluation.evaluate import answer
from weft.models.crf import Transitions
from weft.tasks.tag_answers import Potentials, decided
from weft.tasks.tagging import TaggingConfig

CPU = torch.device("cpu")
SMALL_JOINT = next(small for small in SMALL_TASKS if small.kind == "joint" and "slots" in small.settings["tasks"])
SMALL = {small.name: small for small in SMALL_TASKS if small.kind == "tagging"}
ODD = [
    "Ａｄａ ｌｉｖｅｓ　ｉｎ Bonn 👩\u200d👩\u200d👧 and e\u0301te\u0301",
    "  王芳👍🏽去了　北京ＡＢＣ①㎏，\u200d好！ ",
    "İstanbul\tﬁne…",
]


@pytest.mark.parametrize("name", SMALL)
def test_spans_stand_in_the_text_as_it_was_given(name):
    small = SMALL[name]
    examples = [small.task.config.example(text) for text in ODD]
    answers = answer(small.task, small.model, examples, device=CPU)
    assert any(one.spans for one in answers)
    for text, one in zip(ODD, answers, strict=True):
        assert one.text == text
        assert all(text[span.start : span.end] == span.text == span.text.strip() for span in one.spans)
        assert all(first.end <= second.start for first, second in zip(one.spans, one.spans[1:], strict=False))
        assert all(0 <= span.probability <= 1 for span in one.spans)
        if small.task.form == "words":
            assert "".join(one.words) == "".join(text.split())


class Counting(torch.nn.Module):
    """An encoder with a state that knows the id at a position and those beside it, and nothing further away."""

    width = 3
    head_dropout = 0.0

    def forward(self, source):
        from weft.models.base import Memory

        ids = source.ids_BS.float() * source.mask_BS
        left, right = (torch.roll(ids, by, 1) for by in (1, -1))
        left[:, 0], right[:, -1] = 0, 0
        return Memory(torch.stack([ids, left, right], 2), source.mask_BS)


@pytest.mark.parametrize("name", ["tagging-crf", "tagging-linear-subwords"])
def test_windows_merge_without_a_seam(name):
    """An encoder that sees no further than one position gives a text in windows the tags of the whole text."""
    small = SMALL[name]
    text = " ".join(["Ada lives in Bonn . Who is Eve ? 李 明 住 在 上 海"] * 6)
    found = []
    for length in (8, 512):
        task = small.learned()
        task.config = task.config.model_copy(update={"max_length": length})
        task.input.config = task.config
        model = small.built(task)
        model.encoder = Counting()
        torch.manual_seed(1)
        model.scores = torch.nn.Linear(3, len(task.tags.names))
        columns = task.encode([TaggedText(text)])
        assert (len(columns) > 1) == (length == 8)
        (given,) = answer(task, model.eval(), [TaggedText(text)], device=CPU)
        found.append(given)
    short, whole = found
    assert [replace(span, probability=0) for span in short.spans] == [
        replace(span, probability=0) for span in whole.spans
    ]
    np.testing.assert_allclose(short.potentials.scores_NC, whole.potentials.scores_NC, rtol=1e-5, atol=1e-5)
    assert short.probability == pytest.approx(whole.probability, rel=1e-4)


def test_a_window_is_learned_from_as_the_part_of_a_text_that_it_is():
    small = SMALL["tagging-windows"]
    columns = small.columns
    batch = small.task.collate(columns, np.arange(len(columns)))
    assert len(columns) > len(small.examples)
    assert not batch.begins_B.all()
    assert not batch.ends_B.all()
    rows = columns.ragged["tags"]
    for owner in np.unique(columns.owner_R):
        own = np.flatnonzero(columns.owner_R == owner)
        tags = [rows.flat(np.array([row]))[0].tolist() for row in own]
        first = columns.fixed["from"][own].tolist()
        whole = {place: tag for start, part in zip(first, tags, strict=True) for place, tag in enumerate(part, start)}
        assert len(whole) == columns.fixed["of"][own[0]]
    assert small.task.loss(small.model, batch, 0).sum.isfinite()


def test_the_first_piece_stands_for_a_token():
    small = SMALL["tagging-linear-subwords"]
    text = "zxqj Wvkü 好"
    columns = small.task.encode([TaggedText(text, tokens=("zxqj", "Wvkü", "好"))])
    first, places = columns.ragged["first"].values[:, 0], columns.ragged["places"].values
    assert [text[start:end] for start, end in places] == ["zxqj", "Wvkü", "好"]
    assert len(columns.ragged["text"].values) > 4
    assert list(first) == sorted({*first.tolist()})


def test_a_span_that_ends_inside_a_token_takes_all_of_it():
    one = TaggedText("Obama-era laws", (LabelledSpan(0, 5, "PER"), LabelledSpan(6, 9, "X"), LabelledSpan(10, 14, "Y")))
    assert token_spans(one, [(0, 9), (10, 14)]) == [(0, 1, "PER"), (1, 2, "Y")]


def test_no_forbidden_sequence_is_ever_given():
    small = SMALL["tagging-crf"]
    tags = small.task.tags
    generator = np.random.default_rng(0)
    moves = small.model.transitions()
    ends = [one.detach().numpy() for one in (moves.first_C, moves.between_CC, moves.last_C)]
    found = [Potentials(generator.normal(size=(9, len(tags.names))).astype(np.float32) * 3, *ends) for _ in range(50)]
    places = tuple((place, place + 1) for place in range(9))
    for one in decided(["abcdefghi"] * 50, [places] * 50, found, tags):
        written = ["O"] * 9
        for span in one.spans:
            size = span.end - span.start
            written[span.start : span.end] = [
                f"{kind}-{span.label}" for kind in ("S" if size == 1 else "B" + "I" * (size - 2) + "E")
            ]
        assert all(map(tags.allows, ["", *written], [*written, ""]))


def test_a_span_is_as_probable_as_all_paths_with_it():
    tags = SMALL["tagging-crf"].task.tags
    scores = np.zeros((1, len(tags.names)), dtype=np.float32)
    ends = (np.zeros(len(tags.names), np.float32), np.zeros((len(tags.names),) * 2, np.float32))
    names = list(tags.names)
    scores[0, names.index("S-人") if "S-人" in names else names.index("B-人")] = 1
    (one,) = decided(["A"], [((0, 1),)], [Potentials(scores, ends[0], ends[1], ends[0])], tags)
    assert isinstance(one.potentials.transitions, Transitions)
    assert one.spans[0].probability == pytest.approx(np.e / (np.e + len(names) - 1))
    assert one.probability == pytest.approx(one.spans[0].probability)


def test_floors_are_counted_in_training():
    small = SMALL["tagging-crf"]
    known = small.task.known
    assert known.tags["Ada"] in ("B-人", "S-人")
    assert known.otherwise == "O"
    assert {"Ada", "New York", "上海"} <= known.strings
    words = SMALL["tagging-windows"].task.known
    assert words.longest_match("李明住北京") == [(0, 2, ""), (2, 3, ""), (3, 5, "")]
    answers = answer(small.task, small.model, small.examples, device=CPU)
    floors = small.task.score(answers, small.examples).details["floors"]
    assert floors["the commonest tag of each token"]["span_f1"] > 0.8


def test_the_words_of_a_dictionary_are_a_floor_of_chinese_words():
    small = SMALL["tagging-windows"]
    chinese = [one for one in small.examples if not one.text.isascii()]
    floors = small.task.score(answer(small.task, small.model, chinese, device=CPU), chinese).details["floors"]
    assert floors["jieba"]["word_f1"] > 0.75
    english = [one for one in small.examples if one.text.isascii()]
    assert (
        "jieba" not in small.task.score(answer(small.task, small.model, english, device=CPU), english).details["floors"]
    )


def test_labels_that_training_never_had_are_named_and_scored():
    small = SMALL["tagging-crf"]
    strange = TaggedText("Mars", (LabelledSpan(0, 4, "PLANET"),), ("Mars",))
    assert small.task.check([strange]) == [
        "1 span has a label that training never had, and cannot be predicted: `PLANET`"
    ]
    answers = answer(small.task, small.model, [strange], device=CPU)
    assert small.task.score(answers, [strange]).values["span_recall"].value == 0


def test_models_of_other_tags_are_not_averaged():
    crf, speech = (SMALL[name] for name in ("tagging-crf", "tagging-parts-of-speech"))
    examples = [crf.task.config.example("Ada lives"), crf.task.config.example("上海")]
    ones, others = (answer(small.task, small.model, examples, device=CPU) for small in (crf, speech))
    with pytest.raises(InputError, match="the same"):
        crf.task.average([ones, others])


def test_an_encoder_without_positions_is_refused():
    settings = {"kind": "tagging", "encoder": "bag", "form": "spans", "scheme": "bio", "unit": "word"}
    with pytest.raises(ConfigError, match="`bag` keeps no positions") as caught:
        validated(TaggingConfig, settings).learn(SMALL["tagging-crf"].examples)
    assert caught.value.where == "task.encoder"


def test_words_are_read_by_a_convolution_over_their_characters():
    examples = [
        TaggedText("Ada lives in Rome", (LabelledSpan(0, 3, "PER"), LabelledSpan(13, 17, "LOC"))),
        TaggedText("王芳 lives in Bonn", (LabelledSpan(0, 2, "PER"), LabelledSpan(12, 16, "LOC"))),
    ]
    settings = {"form": "spans", "scheme": "none", "unit": "word", "encoder": {"kind": "cnn", "letters": "cnn"}}
    task = validated(TaggingConfig, settings).learn(examples * 2)
    assert task.config.tokenizer.letters == (1, 1)
    torch.manual_seed(0)
    model = task.build_model().eval()
    texts = [
        task.config.example(text)
        for text in ("Ada in Rome", "unseenliness in Bonn at the very end of a long row", "王芳")
    ]
    both = answer(task, model, texts, device=CPU)
    for one, text in zip(both, texts, strict=True):
        (alone,) = answer(task, model, [text], device=CPU)
        np.testing.assert_allclose(one.potentials.scores_NC, alone.potentials.scores_NC, atol=1e-5)
    other = {**settings, "tokenizer": {"kind": "mixed", "views": ["letters"]}}
    with pytest.raises(ConfigError, match="reads the characters of words in order"):
        validated(TaggingConfig, other).learn(examples * 2)


def test_few_texts_are_learned_from_longer_but_not_over_weights_that_are_trained():
    few, many = [TaggedText("Ada")] * 5_000, [TaggedText("上海")] * 5_001
    config = TaggingConfig()
    assert config.fitted(few, device="cpu").training == {"epochs": 24}
    assert config.fitted(many, device="cpu").training == {}
    assert config.model_copy(update={"start": "runs/ner"}).fitted(few, device="cpu").training == {}
    joint = SMALL_JOINT.config().task
    examples = SMALL_JOINT.examples
    assert joint.fitted(examples, device="cpu").training == {"epochs": 24}
