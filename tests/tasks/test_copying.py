"""Words that training never saw are copied from sources, by every tokenizer and search; learnt once for all tests."""

from functools import lru_cache

import numpy as np
import pytest
import torch

from weft.bundle import load_task, save_task
from weft.data.examples.source_target import SourceTarget
from weft.decoding.choices import Beam, Greedy, MinimumRisk, Sample
from weft.errors import ConfigError
from weft.evaluation.attention_maps import attention_maps
from weft.evaluation.evaluate import answer
from weft.tasks.seq2seq import Seq2SeqConfig

CPU = torch.device("cpu")
FIRST = ["Ada", "Bo", "Cy", "Dot", "Eve", "Flo", "Gus", "Hal", "Ida", "Joe", "Kit", "Lou"]
LAST = ["Ash", "Bay", "Cox", "Day", "Elm", "Fox", "Gum", "Hay", "Ivy", "Jay"]
NAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻"
DRAW = np.random.default_rng(0)
PEOPLE = ["".join(DRAW.choice([*NAMES], size=2 + n % 2, replace=False)) for n in range(120)]
ENGLISH = [(f"call {one}{other} now", f"now {one}{other} is called") for one in FIRST for other in LAST]
CHINESE = [(f"请{name}来", f"来的是{name}") for name in dict.fromkeys(PEOPLE)]
NEW = {"en": ("call Zebulon now", "now Zebulon is called"), "zh": ("请欧阳锋来", "来的是欧阳锋")}
SEARCHES = [
    Greedy(),
    Beam(3, alternatives=2),
    Sample(samples=3, seed=5, temperature=0.1),
    MinimumRisk(samples=4, top_k=2),
]
TOKENIZERS = {
    "word": {"kind": "word", "vocabulary": {"min_count": 60}},
    "char": {"kind": "char", "vocabulary": {"min_count": 60}},
}
SIZES = {
    "lstm": {"width": 32, "hidden": 32, "dropout": 0},
    "transformer": {"width": 32, "layers": 2, "heads": 2, "feed_forward": 32, "dropout": 0},
}
LANGUAGES = {"word": ("en", ENGLISH), "char": ("zh", CHINESE)}
CASES = [("word", "lstm"), ("word", "transformer"), ("char", "lstm")]
each = pytest.mark.parametrize(("tokenizer", "decoder"), CASES)


def examples_of(pairs):
    return [SourceTarget(source, (target,)) for source, target in pairs]


@lru_cache
def learned(tokenizer, decoder, copying="auto"):
    pairs = LANGUAGES[tokenizer][1]
    settings = {"tokenizer": TOKENIZERS[tokenizer], "decoder": {"kind": decoder, "copying": copying, **SIZES[decoder]}}
    task = Seq2SeqConfig.model_validate({**settings, "smoothing": 0.0}).learn(examples_of(pairs))
    torch.manual_seed(0)
    model = task.build_model()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    columns, draw = task.encode(examples_of(pairs)), np.random.default_rng(0)
    for step in range(120):
        batch = task.collate(columns, np.sort(draw.permutation(len(pairs))[:40]))
        loss = task.loss(model, batch, step)
        (loss.sum / loss.count).backward()
        optimizer.step()
        optimizer.zero_grad()
    return task, model.eval()


def written(task, model, sources):
    return [one.text for one in answer(task, model, [SourceTarget(source) for source in sources], device=CPU)]


def new_of(tokenizer):
    return NEW[LANGUAGES[tokenizer][0]]


@each
def test_copying_is_on_where_targets_share_rare_words_with_their_sources(tokenizer, decoder):
    task, model = learned(tokenizer, decoder)
    assert task.config.decoder.copying == "yes"
    assert model.decoder.copier is not None
    assert any("can be copied" in note and "copying=no" in note for note in task.notes({"train": task.encode([])}))


def test_it_is_off_where_they_do_not_or_where_it_is_set_so():
    apart = examples_of([(f"red dog number {n}", f"chien rouge {'x' * (n % 7 + 1)}") for n in range(60)])
    assert Seq2SeqConfig(decoder={"kind": "lstm"}).learn(apart).config.decoder.copying == "no"
    off = Seq2SeqConfig(decoder={"kind": "lstm", "copying": "no"}).learn(examples_of(ENGLISH))
    assert off.config.decoder.copying == "no"
    assert off.build_model().decoder.copier is None
    alone = Seq2SeqConfig(decoder={"kind": "lstm", "attention": "none"}).learn(examples_of(ENGLISH))
    assert alone.config.decoder.copying == "no"


def test_two_vocabularies_have_nothing_to_copy():
    with pytest.raises(ConfigError, match="a vocabulary each") as caught:
        Seq2SeqConfig(vocabulary="separate", decoder={"kind": "lstm", "copying": "yes"}).learn(examples_of(ENGLISH))
    assert "task.vocabulary=shared" in caught.value.hint
    apart = Seq2SeqConfig(vocabulary="separate", decoder={"kind": "lstm"}).learn(examples_of(ENGLISH))
    assert apart.config.decoder.copying == "no"


@each
@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: search.kind)
def test_a_word_that_training_never_saw_is_written(tokenizer, decoder, search):
    task, model = learned(tokenizer, decoder)
    source, target = new_of(tokenizer)
    known = LANGUAGES[tokenizer][1][7]
    assert written(task.with_search(search), model, [source, known[0]]) == [target, known[1]]
    assert written(task.with_search(search), model, [source]) == [target], "and so it is alone"


@each
def test_it_is_streamed_as_it_is_answered(tokenizer, decoder):
    task, model = learned(tokenizer, decoder)
    source, target = new_of(tokenizer)
    assert "".join(task.with_search(Greedy()).stream(model, SourceTarget(source))) == target


def test_its_probability_is_that_of_the_copy():
    task, model = learned("word", "lstm")
    (new,) = answer(task, model, examples_of([NEW["en"]]), device=CPU)
    lacking = examples_of([("call Zebulon now", "now Nobody is called")])
    (unknown,) = answer(task, model, lacking, device=CPU)
    assert new.loss.nats < 1
    assert unknown.loss.nats > new.loss.nats + 1


def test_banned_words_are_not_copied():
    task, model = learned("word", "lstm")
    for search in (Greedy(banned=("Zebulon",)), Beam(3, banned=("Zebulon",))):
        (text,) = written(task.with_search(search), model, ["call Zebulon now"])
        assert "Zebulon" not in text
    banned = task.with_search(Greedy(banned=("Zebulon",)))
    assert "Zebulon" not in "".join(banned.stream(model, SourceTarget("call Zebulon now")))


def test_words_are_forced_beside_what_is_copied():
    task, model = learned("word", "lstm")
    (text,) = written(task.with_search(Beam(3, forced=("call",))), model, ["call Zebulon now"])
    assert "call" in text.split()
    assert "Zebulon" in text


def test_it_learns_from_its_own_guesses_too():
    task, model = learned("word", "lstm")
    given = task.config.model_copy(
        update={"teacher_forcing": task.config.teacher_forcing.model_copy(update={"gold": 0.5})}
    )
    free = type(task)(given, task.input, longest=task.longest)
    batch = free.collate(free.encode(examples_of(ENGLISH[:4])), np.arange(4))
    assert torch.isfinite(free.loss(model.train(), batch, 0).sum)
    model.eval()


def test_a_task_that_was_saved_copies_when_it_is_loaded(tmp_path):
    task, model = learned("char", "lstm")
    save_task(tmp_path, task)
    again = load_task(tmp_path)
    other = again.build_model()
    other.load_state_dict(model.state_dict())
    assert written(again, other.eval(), [NEW["zh"][0]]) == [NEW["zh"][1]]


def test_attention_maps_name_what_was_copied():
    task, model = learned("word", "lstm")
    asked = [SourceTarget(NEW["en"][0])]
    (seen,) = attention_maps(task, model, examples=asked, answers=answer(task, model, asked, device=CPU))
    assert "Zebulon" in seen.source
    assert "Zebulon" in seen.target
