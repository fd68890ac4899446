import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import weft
from tests.pretrained_folders import write_model, write_tokenizer
from weft.config import validated
from weft.data.columns import Ragged
from weft.data.examples.span_questions import Question
from weft.data.formats.squad import Span
from weft.dataset import DataConfig, read_whole
from weft.demo.questions import demo_questions, write
from weft.errors import ConfigError, InputError
from weft.evaluation.evaluate import answer
from weft.inputs.question_passage import PASSAGE, side_by_side, text_of
from weft.tasks.question_answering import QuestionAnsweringConfig
from weft.tasks.span_answers import Found, Rule, best_rule, decided
from weft.text.tokenizers.choices import TOKENIZERS
from weft.text.tokenizers.ngrams import NgramTokenizerConfig
from weft.text.tokenizers.pretrained import PretrainedTokenizerConfig
from weft.training.optim import AdamWConfig, build

SMALL = {"encoder": {"kind": "gru", "width": 8, "hidden": 6}, "span": {"hidden": 6}}
JOINT = {"encoder": {"kind": "transformer", "width": 8, "heads": 2, "layers": 1, "feed_forward": 8}}
KINDS = [kind() for kind in TOKENIZERS if kind not in (NgramTokenizerConfig, PretrainedTokenizerConfig)]


def examples(size=40, *, seed=0):
    return [
        Question(one.question, one.passage, (Span(one.answer, one.start),) if one.answer else ())
        for one in demo_questions(size, seed=seed)
    ]


def learned(settings, found=None):
    return validated(QuestionAnsweringConfig, settings).learn(found or examples())


def model_of(task):
    torch.manual_seed(0)
    return task.build_model().eval()


def answers(task, asked):
    return answers_of(task, model_of(task), asked)


def answers_of(task, model, asked):
    return answer(task, model, asked, device=torch.device("cpu"))


TINY = [
    Question("Who is old?", "Ada is old, Bob is young.", (Span("Ada", 0),)),
    Question("Who is young?", "Ada is old, Bob is young.", (Span("Bob", 12),)),
    Question("谁老？", "李明老，王芳少。", (Span("李明", 0),)),
    Question("谁少？", "李明老，王芳少。", (Span("王芳", 4),)),
    Question("谁高？", "李明老，王芳少。", ()),
]


@pytest.mark.parametrize("settings", [SMALL, JOINT], ids=["attention", "joint"])
def test_it_learns_to_answer(settings):
    task = learned({**settings, "tokenizer": "mixed", "span": {"dropout": 0.0, "hidden": 16}}, TINY * 2)
    columns, model = task.encode(TINY), model_of(task)  # without dropout, as it is told to answer
    batch = task.collate(columns, np.arange(len(columns)))
    optimizers = build(model, AdamWConfig(learning_rate=0.05 if settings is SMALL else 0.02), table_rate=0.05)
    losses = []
    for _ in range(40):
        loss = task.loss(model, batch, 0)
        losses.append(loss.sum.item())
        (loss.sum / loss.count).backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
    assert losses[-1] < losses[0] / 2
    if settings is SMALL:
        assert task.quick_scores(answers_of(task, model, TINY), TINY)["exact_match"] >= 0.8


@pytest.mark.parametrize("settings", [SMALL, JOINT], ids=["attention", "joint"])
def test_an_answer_is_the_part_of_the_passage_where_it_stands(settings):
    task, asked = learned({**settings, "max_length": 80}), examples(20, seed=1)
    for said, one in zip(answers(task, asked), asked, strict=True):
        assert said.text == one.passage[said.start : said.end]
        assert said.candidates
        for found in said.candidates:
            assert found.text == one.passage[found.start : found.end] != ""
        shares = [found.probability for found in said.candidates]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) + said.none <= 1 + 1e-6


TASKS = {config.kind: learned({**SMALL, "tokenizer": config, "max_length": 16, "max_question": 4}) for config in KINDS}


@pytest.mark.parametrize("kind", TASKS)
@settings(max_examples=15, deadline=None)
@given(passage=st.text("ab ﬁİ½é\u0301\n一二，。１😀", min_size=1, max_size=60))
def test_whatever_the_passage_an_answer_stands_in_it(kind, passage):
    task = TASKS[kind]
    (said,) = answers(task, [Question("who? 谁？", passage)])
    assert all(one.text == passage[one.start : one.end] for one in said.candidates)
    assert said.text == passage[said.start : said.end]


@pytest.mark.parametrize("kind", TASKS)
def test_the_tokens_that_are_learned_spell_the_answer(kind):
    task = TASKS[kind]
    asked = [one for one in examples(30, seed=2) if one.answers]
    columns, seen = task.encode(asked), 0
    rows = columns.ragged["passage"]
    for row, (first, last) in enumerate(columns.fixed["answer"].tolist()):
        one = asked[columns.owner_R[row]]
        places = rows.values[rows.offsets_R1[row] : rows.offsets_R1[row + 1], -2:]
        if first >= 0:
            seen += 1
            assert one.answers[0].text in one.passage[places[first, 0] : places[last, 1]]
    assert seen >= len(asked) / 2


def test_a_long_passage_is_read_in_windows_and_each_is_answered_for():
    task = learned({**SMALL, "max_length": 16})
    long = Question("Where does Anna live?", "Nothing of it. " * 20 + "Anna lives in Oslo.", (Span("Oslo", 314),))
    columns = task.encode([long, long])
    assert len(columns) > 8
    assert set(columns.owner_R.tolist()) == {0, 1}
    with_answer = (columns.fixed["answer"][:, 0] >= 0) & (columns.owner_R == 0)
    assert 1 <= with_answer.sum() <= 2
    one, other = answers(task, [long, long])
    assert one == other
    assert text_of(columns.ragged["text"], 0) == long.passage


def test_answers_do_not_depend_on_what_else_is_asked():
    task, asked = learned({**JOINT, "max_length": 80}), examples(12, seed=3)
    together, alone = answers(task, asked), [answers(task, [one])[0] for one in asked]
    for one, other in zip(together, alone, strict=True):
        assert (one.text, one.start) == (other.text, other.start)
        assert one.probability == pytest.approx(other.probability, rel=1e-4)


def test_words_that_the_question_has_too_are_marked_by_the_run_they_stand_in():
    asked = Question("Where does Anna Lee live?", "Anna Lee lives in Oslo. Anna, Lee", (Span("Oslo", 18),))
    chinese = Question("李明住在哪里？", "李明，住在上海。", (Span("上海", 5),))
    for one, runs in ((asked, [2, 2, 0, 0, 0, 0, 1, 0, 1]), (chinese, [2, 2, 0, 2, 2, 0, 0, 0])):
        task = learned({**SMALL, "tokenizer": "mixed"}, [one, asked])
        parts = task.encode([one]).ragged["passage"].values[:, 1]
        assert (parts - PASSAGE).tolist() == runs


def test_where_every_question_is_answered_there_always_is_an_answer():
    found = [one for one in examples() if one.answers]
    task = learned(SMALL, found)
    assert task.tunes == ()
    assert all(said.text and said.none == 0 for said in answers(task, found))


def test_the_threshold_is_tuned_and_kept(tmp_path):
    task, asked = learned(SMALL), examples(60, seed=4)
    before = answers(task, asked)
    (said,) = task.tune(before, asked)
    after = answers(task, asked)
    assert task.quick_scores(after, asked)["f1"] >= task.quick_scores(before, asked)["f1"]
    assert "the best F1 on the dev set" in said
    task.save(tmp_path)
    again = task.config.load(tmp_path)
    assert again.rule == task.rule
    assert answers(again, asked) == after


def test_the_confidence_is_one_and_is_fitted_to_what_is_right():
    """Of candidates that are right as often as their ratio to none says, the confidence is that share."""
    draw, passage = np.random.default_rng(0), "Anna lives in Oslo."
    ratio_N = np.exp(draw.normal(0, 2, size=2000))
    right_N = draw.random(2000) < 1 / (1 + np.exp(-(0.5 * np.log(ratio_N) - 1)))
    found = [
        decided((Found("Oslo", 14, 18, ratio / (1 + ratio)),), none=1 / (1 + ratio), rule=Rule())
        for ratio in ratio_N.tolist()
    ]
    asked = [Question("Where?", passage, (Span("Oslo", 14),) if right else ()) for right in right_N.tolist()]
    rule = best_rule(found, asked)
    assert (rule.slope, rule.offset) == (pytest.approx(0.5, abs=0.1), pytest.approx(-1, abs=0.15))
    one, none = (decided((Found("Oslo", 14, 18, share),), none=1 - share, rule=Rule(4.0, 1.0)) for share in (0.9, 0.5))
    assert (one.text, one.probability) == ("Oslo", pytest.approx(9 / (9 + 4)))
    assert (none.text, none.probability) == ("", pytest.approx(4 / (1 + 4)))
    assert none.at(0.19).text == "Oslo"
    assert none.at(0.19).probability == pytest.approx(1 / (1 + 4))
    assert one.at(0.7).text == ""
    assert one.at(0.6) == one


def test_scores_have_intervals_and_tell_both_kinds_of_questions():
    task, asked = learned(SMALL), examples(30, seed=5)
    scores = task.score(answers(task, asked), asked)
    assert set(scores.values) == {"exact_match", "f1"}
    assert scores.values["f1"].low <= scores.values["f1"].value <= scores.values["f1"].high
    both = [scores.details[name]["questions"] for name in ("with_answer", "without_answer")]
    assert sum(both) == 30
    assert min(both) > 0
    assert scores.details["counted_as"] == {"squad": 15, "cmrc": 15}
    assert json.dumps(task.record(answers(task, asked)[0], asked[0]), ensure_ascii=False)


def test_several_models_answer_as_one():
    task, asked = learned(SMALL), examples(10, seed=6)
    one = answers(task, asked)
    for mean, alone in zip(task.average([one, one]), one, strict=True):
        assert (mean.text, mean.start) == (alone.text, alone.start)
        assert mean.probability == pytest.approx(alone.probability)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"encoder": "bag"}, "keeps no positions"),
        ({**JOINT, "max_length": 66}, "leaves no room"),
        (
            {"encoder": {"kind": "transformer", "positions": "learned", "max_length": 100}, "max_length": 200},
            "100 tokens",
        ),
        ({**SMALL, "tokenizer": {"kind": "mixed", "stop_words": ["en"]}}, "no place"),
    ],
)
def test_what_does_not_go_together_is_refused(settings, says):
    with pytest.raises(ConfigError, match=says):
        learned(settings).encode(examples(4))


def test_guessed_columns_are_named_by_their_roles(tmp_path):
    write(tmp_path / "qa.jsonl", demo_questions(30))
    notes = read_whole(DataConfig(train=str(tmp_path / "qa.jsonl")), QuestionAnsweringConfig()).notes
    said = "question from column `question`, passage from column `context` and answer from column `answers`"
    assert f"{said} (guessed; name them with --text question,context, --label)" in notes


def test_questions_without_any_answer_cannot_be_learned_from():
    with pytest.raises(InputError, match="no question has an answer"):
        learned(SMALL, [Question("Who?", "Nobody.", ())])
    with pytest.raises(InputError, match="there is no answer"):
        learned(SMALL).check([Question("Who?", "Nobody.", line=7)])


def test_a_trained_folder_answers_from_python(tmp_path):
    write(tmp_path / "qa.jsonl", demo_questions(30))
    config = validated(
        weft.RunConfig,
        {
            "data": {"train": str(tmp_path / "qa.jsonl")},
            "task": {"kind": "question_answering", **SMALL},
            "training": {"epochs": 1},
            "device": "cpu",
        },
    )
    for _ in weft.train(config, tmp_path / "run"):
        pass
    model = weft.load(tmp_path / "run")
    one, other = model.answer([weft.Question("谁？", "毕昇发明了活字。"), weft.Question("Who?", "Ada did.")])
    assert isinstance(one, weft.SpanAnswer)
    assert other.text == "Ada did."[other.start : other.end]
    with pytest.raises(InputError, match="the passage is missing"):
        model.answer([weft.Question("Who?", " ")])


def test_a_pretrained_encoder_reads_both_in_one_row_by_its_own_tokens(tmp_path):
    write_model(tmp_path)
    write_tokenizer(tmp_path)
    task = learned({"encoder": {"kind": "pretrained", "folder": str(tmp_path)}, "max_question": 8}, TINY)
    columns = task.encode(TINY)
    assert (task.config.reader, task.config.max_length) == ("joint", 40)
    batch = task.collate(columns, np.arange(len(columns)))
    tokens, first = batch.source.passage, task.input.tokenizer.frame.before[0]
    assert tokens.ids_BS[:, 0].tolist() == [first] * len(columns)
    assert tokens.segments_BS is not None
    inside_BS = batch.source.inside_BS
    assert (tokens.segments_BS[inside_BS] == 1).all()
    assert inside_BS.any(1).all()
    for said, one in zip(answers(task, TINY), TINY, strict=True):
        assert said.text == one.passage[said.start : said.end]
        assert all(found.text == one.passage[found.start : found.end] != "" for found in said.candidates)
    with pytest.raises(ConfigError, match="reads both in one row"):
        learned({"encoder": {"kind": "pretrained", "folder": str(tmp_path)}, "reader": "attention"}, TINY)


def test_rows_side_by_side():
    one, other = Ragged.of(np.array([1, 2, 3]), np.array([2, 0, 1])), Ragged.of(np.array([7, 8]), np.array([0, 1, 1]))
    both = side_by_side([one, other])
    assert both.values.tolist() == [1, 2, 7, 3, 8]
    assert both.lengths_R.tolist() == [2, 1, 2]
