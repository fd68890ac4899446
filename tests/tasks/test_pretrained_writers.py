"""Models of `transformers` that write, as parts of our tasks: trained, saved, loaded, and equal to `generate`."""

import json
import shutil

import pytest
import torch

import weft
from tests.pretrained_folders import write_writer
from weft.bundle import Model
from weft.config import validated
from weft.data.examples.source_target import SourceTarget
from weft.dataset import Examples
from weft.errors import ConfigError
from weft.models.model_folder import PAIRS, WRITERS
from weft.run import RunConfig, fit_in_memory
from weft.tasks.language_model import Document, LanguageModelConfig
from weft.tasks.seq2seq import Seq2SeqConfig

transformers = pytest.importorskip("transformers")

SOURCES = ["a good film", "这部电影很好", "a bad story", "故事太差了", "a great film , again", "演员很好看"]
TARGETS = ["this is good", "很好", "this is bad", "太差", "this is great", "好看"]


def task_of(folder, kind, **settings):
    decoder = f"pretrained:{folder}"
    if kind in PAIRS:
        return validated(Seq2SeqConfig, {"kind": "seq2seq", "decoder": decoder, "max_source": 30, **settings})
    return validated(
        LanguageModelConfig, {"kind": "language_model", "unit": "row", "decoder": decoder, "context": 30, **settings}
    )


def examples_of(kind):
    if kind in PAIRS:
        return [SourceTarget(source, (target,)) for source, target in zip(SOURCES, TARGETS, strict=True)]
    return [Document(text) for text in SOURCES]


def started(config, kind) -> Model:
    """The model as the folder has it, before any training."""
    task = config.learn(examples_of(kind))
    network = task.build_model()
    task.initialize(network, task.encode(examples_of(kind)))
    return Model(task, network.eval(), torch.device("cpu"))


def trained(config, kind, **training) -> Model:
    settings = weft.TrainingConfig(epochs=1, batch_rows=4, **training)
    rows = examples_of(kind)
    run = RunConfig(data=weft.DataConfig(train="x"), training=settings)
    return fit_in_memory(run, Examples(config, rows, rows[:2], [], []))


@pytest.mark.parametrize("kind", PAIRS)
def test_a_pair_writes_what_generate_writes(tmp_path, kind):
    theirs = write_writer(tmp_path / "model", kind)
    model = started(task_of(tmp_path / "model", kind), kind)
    found = model.answer(SOURCES, search=weft.Beam(3, max_length=8, stop="sure", alternatives=3))
    tokenizer = model.task.tokenizers.target
    rows = [[*tokenizer.encode([source]).values_NW[:, 0].tolist(), 1] for source in SOURCES]
    never = [[number] for number in tokenizer.never if number != 1]
    for source, given in zip(rows, found, strict=True):
        ids = theirs.generate(
            input_ids=torch.tensor([source]),
            attention_mask=torch.ones(1, len(source), dtype=torch.long),
            num_beams=3,
            max_new_tokens=8,
            early_stopping="never",
            bad_words_ids=never,
            forced_eos_token_id=None,
            forced_bos_token_id=None,
            do_sample=False,
        )[0, 1:].tolist()
        text = tokenizer.decode([[number for number in ids if number > 2]])[0]
        assert given.text == text


@pytest.mark.parametrize("kind", WRITERS)
def test_a_language_model_scores_as_theirs(tmp_path, kind):
    theirs = write_writer(tmp_path / "model", kind)
    model = started(task_of(tmp_path / "model", kind), kind)
    answers = model.evaluate([Document(text) for text in SOURCES]).answers
    for text, given in zip(SOURCES, answers, strict=True):
        ids = torch.tensor([[2, *model.task.tokenizer.encode([text]).values_NW[:, 0].tolist(), 1]])
        with torch.no_grad():
            logs = theirs(ids).logits[0, :-1].log_softmax(-1)
        nats = -logs.gather(1, ids[0, 1:, None]).sum()
        assert given.loss.nats == pytest.approx(float(nats), rel=1e-4)
        assert given.loss.tokens == ids.shape[1] - 1


@pytest.mark.parametrize("kind", ["gpt2", "t5", "bart", "marian"])
def test_a_trained_folder_answers_without_that_of_the_model(tmp_path, kind):
    write_writer(tmp_path / "model", kind)
    model = trained(task_of(tmp_path / "model", kind), kind)
    from weft.estimators.fitting import write_model

    write_model(tmp_path / "run", model)
    shutil.rmtree(tmp_path / "model")
    again = weft.load(tmp_path / "run")
    search = weft.Greedy(max_length=6)
    assert again.answer(SOURCES, search=search) == model.answer(SOURCES, search=search)


@pytest.mark.parametrize("kind", ["gpt2", "marian"])
def test_low_rank_changes_are_added_when_saved(tmp_path, kind):
    write_writer(tmp_path / "model", kind)
    lora = {"rank": 2, "targets": ["c_attn"] if kind == "gpt2" else ["q_proj", "v_proj"]}
    decoder = {"kind": f"pretrained:{tmp_path / 'model'}", "lora": lora}
    model = trained(task_of(tmp_path / "model", kind, decoder=decoder), kind)
    search = weft.Greedy(max_length=6)
    before = model.answer(SOURCES, search=search)
    from weft.estimators.fitting import write_model

    write_model(tmp_path / "run", model)
    after = weft.load(tmp_path / "run").answer(SOURCES, search=search)
    assert [one.text for one in after] == [one.text for one in before]


def test_what_a_target_begins_with_is_not_learned(tmp_path):
    write_writer(tmp_path / "model", "bart")
    said = json.loads((tmp_path / "model" / "generation_config.json").read_text())
    (tmp_path / "model" / "generation_config.json").write_text(json.dumps({**said, "forced_bos_token_id": 2}))
    model = started(task_of(tmp_path / "model", "bart"), "bart")
    task, rows = model.task, examples_of("bart")
    assert task.symbols.begin == (1, 2)
    batch = task.collate(task.encode(rows), torch.arange(2).numpy())
    assert batch.target_BT[:, :2].tolist() == [[1, 2], [1, 2]]
    assert not batch.mask_BT[:, 0].any()
    assert batch.mask_BT.sum(1).tolist() == [len(task.tokenizers.target.encode([t]).values_NW) + 1 for t in TARGETS[:2]]
    assert model.answer(SOURCES[:1], search=weft.Greedy(max_length=4))[0].text is not None


def test_tables_stay_shared_where_the_model_shares_them(tmp_path):
    write_writer(tmp_path / "model", "marian")
    network = started(task_of(tmp_path / "model", "marian"), "marian").network
    table = network.decoder.embedding.weight
    assert network.encoder.network.get_input_embeddings().weight is table
    assert network.decoder.head.weight is table


def test_a_prompt_leaves_room_for_what_was_learned(tmp_path):
    write_writer(tmp_path / "model", "gpt2")
    model = started(task_of(tmp_path / "model", "gpt2"), "gpt2")
    prompt = "很好 " * 5
    given = model.answer([prompt], search=weft.Greedy())[0]
    assert isinstance(given.text, str)
    with pytest.raises(ConfigError, match="positions for 40 tokens"):
        model.answer([prompt], search=weft.Greedy(max_length=40))


@pytest.mark.parametrize(
    ("kind", "settings", "told"),
    [
        ("gpt2", {"context": 41}, "positions for 40 tokens, fewer than the context of 41"),
        ("t5", {"encoder": "transformer"}, "reads an encoder of width 16, found one of 128"),
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path, kind, settings, told):
    write_writer(tmp_path / "model", kind)
    with pytest.raises(ConfigError, match=told):
        task_of(tmp_path / "model", kind, **settings).learn(examples_of(kind)).build_model()


def test_a_decoder_of_the_wrong_sort_is_refused(tmp_path):
    write_writer(tmp_path / "alone", "gpt2")
    write_writer(tmp_path / "pair", "t5")
    config = validated(
        Seq2SeqConfig, {"kind": "seq2seq", "encoder": "lstm", "decoder": f"pretrained:{tmp_path / 'alone'}"}
    )
    with pytest.raises(ConfigError, match="`gpt2` writes alone"):
        config.learn(examples_of("t5")).build_model()
    lone = validated(
        LanguageModelConfig, {"kind": "language_model", "context": 20, "decoder": f"pretrained:{tmp_path / 'pair'}"}
    )
    with pytest.raises(ConfigError, match="`t5` needs an encoder"):
        lone.learn(examples_of("gpt2")).build_model()
