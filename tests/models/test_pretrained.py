"""Pre-trained encoders: states as those of `transformers`, what fine-tuning changes, folders that are refused."""

import json
import sys

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from tests.pretrained_folders import SIZE, WIDTH, architecture, write_model
from weft.config import validated
from weft.data.batch import Tokens
from weft.errors import ConfigError, MissingExtra
from weft.models.base import EncoderConfig, TokenSpec
from weft.models.choices import EncoderChoice
from weft.models.classifier import ClassifierConfig
from weft.models.model_folder import READERS
from weft.models.pretrained import PretrainedEncoderConfig
from weft.models.weights import own_weights, put_weights
from weft.training import optim

LENGTHS = [7, 3, 1, 12]


def batch(*, segments=True, seed=1):
    """Rows of unequal length, their padding 0; the second half of each is another text."""
    mask_BS = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]
    draw = torch.Generator().manual_seed(seed)
    ids_BS = torch.randint(5, SIZE, mask_BS.shape, generator=draw).masked_fill(~mask_BS, 0)
    second_BS = (torch.arange(max(LENGTHS)) >= torch.tensor(LENGTHS)[:, None] // 2) & mask_BS
    return Tokens(ids_BS, mask_BS, segments_BS=second_BS.long() if segments else None)


def started(folder, **settings):
    config = PretrainedEncoderConfig(folder=str(folder), **settings).ready()
    encoder = config.build(TokenSpec((SIZE,)))
    config.start(encoder)
    return encoder.eval()


def learning(encoder):
    return {name for name, one in encoder.named_parameters() if one.requires_grad}


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bert")
    write_model(folder)
    return folder


@pytest.mark.parametrize("kind", READERS)
def test_states_are_those_of_transformers(kind, tmp_path):
    network, source = write_model(tmp_path, kind), batch()
    knows_segments = network.config.type_vocab_size > 1 if kind in ("albert", "bert", "electra", "ernie") else False
    encoder = started(tmp_path)
    ids_BS = source.ids_BS.masked_fill(~source.mask_BS, network.config.pad_token_id)
    more = {"token_type_ids": source.segments_BS} if knows_segments else {}
    with torch.no_grad():
        theirs = network(input_ids=ids_BS, attention_mask=source.mask_BS.long(), **more).last_hidden_state
        memory = encoder(source)
        torch.testing.assert_close(memory.states_BSD[source.mask_BS], theirs[source.mask_BS], rtol=1e-5, atol=1e-5)
        for row, length in enumerate(LENGTHS):  # and unpadded
            more = {name: one[row : row + 1, :length] for name, one in more.items()}
            alone = network(input_ids=ids_BS[row : row + 1, :length], **more).last_hidden_state
            torch.testing.assert_close(memory.states_BSD[row, :length], alone[0], rtol=1e-4, atol=1e-5)
            more = {"token_type_ids": source.segments_BS} if knows_segments else {}
    assert memory.mask_BS is source.mask_BS
    assert encoder.width == WIDTH


@pytest.mark.parametrize(
    ("kind", "others", "longest"),
    [
        ("bert", {}, 40),
        ("roberta", {}, 38),
        ("deberta-v2", {}, None),
        ("deberta-v2", {"position_biased_input": True}, 40),
    ],
)
def test_how_many_positions_it_reads(kind, others, longest):
    config = PretrainedEncoderConfig(folder="./model", architecture=architecture(kind, **others))
    assert config.longest == longest
    if longest is not None:
        encoder = config.build(TokenSpec((SIZE,))).eval()
        ids_BS = torch.full((1, longest), 7)
        assert encoder(Tokens(ids_BS, ids_BS > 0)).states_BSD.isfinite().all()


def test_weights_of_a_model_with_another_head_are_taken(tmp_path):
    from transformers import BertConfig, BertForMaskedLM

    whole = BertForMaskedLM(BertConfig.from_dict(architecture())).eval()
    whole.save_pretrained(tmp_path)
    source = batch()
    with torch.no_grad():
        theirs = whole.bert(source.ids_BS, source.mask_BS.long(), source.segments_BS).last_hidden_state
        torch.testing.assert_close(started(tmp_path)(source).states_BSD[source.mask_BS], theirs[source.mask_BS])


def test_what_training_changes(bert):
    everything = learning(started(bert))
    assert not any("pooler" in name for name in everything)
    tables = {name for name in everything if "_embeddings" in name}
    assert len(tables) == 3
    assert learning(started(bert, freeze="embeddings")) == everything - tables
    lowest = {name for name in everything if ".layer.0." in name}
    assert learning(started(bert, freeze=1)) == everything - tables - lowest
    assert learning(started(bert, freeze="all")) == set()
    with pytest.raises(ConfigError, match="there are 2 layers"):
        started(bert, freeze=3)


def test_lower_layers_learn_at_lower_rates(bert):
    encoder = started(bert, layer_decay=0.5, head_rate=4.0)
    model = ClassifierConfig().build(encoder, classes=2)
    (optimizer,) = optim.build(model, optim.AdamWConfig(learning_rate=0.1), table_rate=0.1)
    rate_of = {id(one): group["lr"] for group in optimizer.param_groups for one in group["params"]}
    found = {name: round(rate_of[id(one)] / 0.1, 6) for name, one in model.named_parameters()}
    assert len(found) == len(rate_of)
    expected = {"scores.weight": 4.0, "scores.bias": 4.0}
    for name in found.keys() - expected.keys():
        expected[name] = 0.5 if ".layer.1." in name else 0.25 if ".layer.0." in name else 0.125
    assert found == expected
    decays = [group["weight_decay"] for group in optimizer.param_groups]
    assert set(decays) == {0.0, 0.01}


def changed(encoder):
    """A step or two of training, so that what is learned is not zero."""
    encoder.train()
    optimizer = torch.optim.SGD([one for one in encoder.parameters() if one.requires_grad], lr=0.5)
    for _ in range(2):
        encoder(batch()).states_BSD.sin().sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    return encoder.eval()


def test_low_rank_changes_are_merged(bert):
    encoder, plain = started(bert, lora={"rank": 2}), started(bert)
    before = encoder(batch()).states_BSD
    torch.testing.assert_close(before, plain(batch()).states_BSD)
    assert {name.split(".")[-3] for name in learning(encoder)} == {"lora_A", "lora_B"}
    changed(encoder)
    learned = encoder(batch()).states_BSD
    assert not torch.allclose(before, learned, atol=1e-3)
    encoder.finish()
    torch.testing.assert_close(encoder(batch()).states_BSD, learned, rtol=1e-4, atol=1e-5)
    assert own_weights(encoder).keys() == own_weights(plain).keys()
    encoder.finish()


def test_an_adapter_is_saved_alone(bert):
    settings = {"lora": {"rank": 2, "save": "adapter", "targets": ("query", "key")}}
    encoder = changed(started(bert, **settings))
    encoder.finish()
    saved = {name: one.clone() for name, one in own_weights(encoder).items()}
    assert all("lora_" in name for name in saved)
    assert len(saved) == 2 * 2 * 2
    config = PretrainedEncoderConfig(folder=str(bert), **settings).ready()
    again = config.build(TokenSpec((SIZE,))).eval()
    put_weights(again, saved)
    torch.testing.assert_close(again(batch()).states_BSD, encoder(batch()).states_BSD)


def test_targets_that_are_not_there(bert):
    with pytest.raises(ConfigError, match="nowhere"):
        started(bert, lora={"targets": ["nowhere"]})
    with pytest.raises(ConfigError, match="no layer is named `valuee`") as refused:
        started(bert, lora={"targets": ["query", "valuee"]})
    assert refused.value.hint == "did you mean `value`?"
    with pytest.raises(ConfigError, match="leave freeze out"):
        validated(PretrainedEncoderConfig, {"lora": {}, "freeze": "all"})


@pytest.mark.parametrize("settings", [{}, {"lora": {"rank": 2, "dropout": 0.0}}, {"freeze": 1}], ids=str)
def test_recomputed_activations_give_the_same_gradients(bert, settings):
    gradients = []
    for activations in ("kept", "recomputed"):
        torch.manual_seed(0)
        encoder = started(bert, activations=activations, **settings).train()
        torch.manual_seed(1)
        encoder(batch()).states_BSD.sin().sum().backward()
        gradients.append([one.grad for one in encoder.parameters() if one.requires_grad])
    for kept, recomputed in zip(*gradients, strict=True):
        torch.testing.assert_close(kept, recomputed)


def test_a_model_named_with_its_folder():
    class Settings(EncoderConfig):
        encoder: EncoderChoice

    for written in (
        "pretrained:./bert",
        {"kind": "pretrained:./bert"},
        {"kind": "pretrained", "folder": "./bert"},
        PretrainedEncoderConfig(folder="./bert"),
    ):
        held = validated(Settings, {"kind": "any", "encoder": written})
        assert held.encoder == PretrainedEncoderConfig(folder="./bert")
        assert validated(Settings, held.model_dump(mode="json")) == held
    frozen = {"kind": "pretrained:hub:org/bert", "freeze": 2}
    assert validated(Settings, {"kind": "any", "encoder": frozen}).encoder.folder == "hub:org/bert"
    with pytest.raises(ConfigError, match="the kind `cnn` takes no folder"):
        validated(Settings, {"kind": "any", "encoder": "cnn:./bert"})


def write_config(folder, **others):
    (folder / "config.json").write_text(json.dumps(architecture() | others), encoding="utf-8")


def with_code(folder):
    write_config(folder, auto_map={"AutoModel": "modeling_mine.Mine"})
    (folder / "model.safetensors").touch()


def with_a_module(folder):
    write_config(folder)
    (folder / "model.safetensors").touch()
    (folder / "modeling_mine.py").touch()


def with_a_pickle(folder):
    write_config(folder)
    (folder / "pytorch_model.bin").touch()


def without_weights(folder):
    write_config(folder)


def a_writer(folder):
    write_config(folder, model_type="gpt2")
    (folder / "model.safetensors").touch()


def a_decoder(folder):
    write_config(folder, is_decoder=True)
    (folder / "model.safetensors").touch()


def no_json(folder):
    (folder / "config.json").write_text("{", encoding="utf-8")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (with_code, "has code of its own, which weft does not run"),
        (with_a_module, "has code of its own, which weft does not run"),
        (with_a_pickle, "has its weights as a pickle alone"),
        (without_weights, "has no weights"),
        (a_writer, "`gpt2` does not serve here"),
        (a_decoder, "`bert` does not serve here"),
        (no_json, "is not JSON"),
        (lambda folder: None, "there is no config.json"),
        (lambda folder: folder.rmdir(), "there is no such folder"),
    ],
)
def test_folders_that_are_refused(made, said, tmp_path):
    folder = tmp_path / "模型"
    folder.mkdir()
    made(folder)
    with pytest.raises(ConfigError, match=said) as caught:
        PretrainedEncoderConfig(folder=str(folder)).ready()
    assert "模型" in caught.value.where
    assert caught.value.hint


def test_a_name_of_the_hub_is_not_fetched_unasked(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ConfigError, match=r"no such folder\nhint: .*pretrained:hub:google-bert/bert-base-chinese"):
        PretrainedEncoderConfig(folder="google-bert/bert-base-chinese").ready()


def test_the_hub(bert, monkeypatch):
    import huggingface_hub

    asked = []

    def fetched(name, *, allow_patterns):
        asked.append((name, allow_patterns))
        return str(bert)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetched)
    config = PretrainedEncoderConfig(folder="hub:org/bert").ready()
    assert config.folder == str(bert)
    assert asked == [("org/bert", ["*.json", "*.txt", "*.safetensors", "*.model"])]

    def offline(name, **_):
        raise OSError("no network\nat all")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    with pytest.raises(ConfigError, match="no network at all") as caught:
        PretrainedEncoderConfig(folder="hub:org/bert").ready()
    assert "hf download org/bert" in caught.value.hint
    assert "HF_ENDPOINT" in caught.value.hint


@pytest.mark.parametrize("name", ["transformers", "peft"])
def test_a_missing_extra_says_how_to_get_it(name, bert, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtra, match=r'pip install "weft\[pretrained\]"'):
        started(bert, lora={})


def test_weights_that_do_not_fit(tmp_path):
    write_model(tmp_path)
    config = PretrainedEncoderConfig(folder=str(tmp_path)).ready()
    encoder = config.build(TokenSpec((SIZE,)))
    with pytest.raises(ConfigError, match="the tokenizer has 200 ids"):
        config.build(TokenSpec((200,)))
    write_config(tmp_path, num_hidden_layers=3)
    with pytest.raises(ConfigError, match="has changed since"):
        config.start(encoder)
    with pytest.raises(ConfigError, match="lacks 16 of the weights"):
        PretrainedEncoderConfig(folder=str(tmp_path)).ready().start(encoder)
    with pytest.raises(ConfigError, match="reads texts by its own tokenizer"):
        PretrainedEncoderConfig(folder=str(tmp_path)).build(TokenSpec((SIZE,)))


def test_settings_of_the_writing_program_are_left_out(tmp_path):
    write_model(tmp_path)
    write_config(tmp_path, _attn_implementation="someone/kernel", _name_or_path="/home/me")
    found = PretrainedEncoderConfig(folder=str(tmp_path)).ready().architecture
    assert not any(name.startswith("_") for name in found)


@pytest.mark.parametrize(
    "name", ["attn_implementation", "_attn_implementation", "experts_implementation", "use_kernels"]
)
def test_no_setting_names_code_to_be_fetched(name, tmp_path, monkeypatch):
    import socket

    write_model(tmp_path)
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: asked.append(name))
    write_config(tmp_path, **{name: "owner/kernel"})
    encoder = started(tmp_path)
    saved = {"kind": "pretrained", "folder": str(tmp_path), "architecture": architecture() | {name: "owner/kernel"}}
    again = validated(PretrainedEncoderConfig, saved)
    assert name not in again.architecture
    assert again.build(TokenSpec((SIZE,))).width == encoder.width
    assert encoder.network.config._attn_implementation in ("sdpa", "eager")
    assert asked == []


@pytest.mark.parametrize(
    ("others", "says"),
    [
        ({"num_hidden_layers": 10**9}, "`num_hidden_layers` is 1,000,000,000, expected 1,000 at most"),
        ({"hidden_size": 10**9, "num_attention_heads": 1}, "weights"),
        ({"vocab_size": 10**9}, "weights of .* and this machine has|asks for"),
        ({"max_position_embeddings": 10**6}, "asks for .* weights, and the folder has"),
        ({"hidden_size": "一"}, "`hidden_size` is `一`, expected a whole number"),
        ({"hidden_size": 16.5}, "expected a whole number"),
        ({"hidden_size": True}, "expected a whole number"),
        ({"hidden_size": 2**70}, "expected 2,147,483,647 at most"),
        ({"hidden_size": 0}, "describes no network|hidden"),
        ({"hidden_size": -16}, "describes no network|hidden"),
        ({"num_attention_heads": 0}, "describes no network"),
        ({"num_attention_heads": 5}, "describes no network"),
        ({"hidden_act": "nothing"}, "describes no network"),
        ({"hidden_act": ["gelu"]}, "describes no network"),
        ({"hidden_dropout_prob": "much"}, "describes no network"),
        ({"layer_norm_eps": float("inf")}, "`layer_norm_eps` is inf"),
        ({"pad_token_id": "[PAD]"}, "`pad_token_id` is `\\[PAD\\]`"),
        ({"pad_token_id": 10**6}, "describes no network"),
        ({"hidden_act": "a" * 200}, "200 characters"),
        ({"rope_parameters": [[[[1]]]]}, "no number, word, or short list"),
        ({"model_type": ["bert"]}, "does not serve here"),
    ],
)
def test_values_that_describe_no_network(others, says, tmp_path):
    write_model(tmp_path)
    write_config(tmp_path, **others)
    with pytest.raises(ConfigError, match=says):
        PretrainedEncoderConfig(folder=str(tmp_path)).ready()


@pytest.mark.parametrize("kind", ["marian", "pegasus", "distilbert"])
def test_a_table_of_positions_is_no_larger_than_it_can_be_computed(kind):
    said = {"model_type": kind, "max_position_embeddings": 10**6, "d_model": 512, "dim": 512}
    with pytest.raises(ConfigError, match="a table of 512,000,000 numbers"):
        PretrainedEncoderConfig(folder="模型", architecture=said)


def outside(folder):
    (folder / "model.safetensors").rename(folder.parent / "outside.safetensors")
    (folder / "model.safetensors").symlink_to(folder.parent / "outside.safetensors")


def index(*names):
    def make(folder):
        weights = {f"weight.{place}": name for place, name in enumerate(names)}
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weights}), encoding="utf-8")

    return make


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (outside, "is no file of this folder"),
        (lambda folder: (folder / "tokenizer_config.json").symlink_to("/etc/hostname"), "is no file of this folder"),
        (index("../outside.safetensors"), "names `../outside.safetensors`"),
        (index("/etc/passwd"), "names `/etc/passwd`"),
        (index("pytorch_model.bin"), "names `pytorch_model.bin`"),
        (index("..\\model.safetensors"), "expected a file of this folder"),
        (index(5), "expected a file of this folder"),
        (index("missing.safetensors"), "is missing"),
        (lambda folder: (folder / "model.safetensors.index.json").write_text("[]"), "is not JSON|expected a file"),
        (lambda folder: (folder / "adapter_config.json").write_text("{}"), "is an adapter for the weights of another"),
        (lambda folder: (folder / "config.json").write_text("[" * 100_000), "nested too deep"),
        (
            lambda folder: (folder / "model.safetensors").write_bytes(b"\xff" * 99),
            "describes no network|cannot be read",
        ),
    ],
)
def test_a_folder_reads_its_own_files_and_no_others(made, says, tmp_path):
    folder = tmp_path / "模型"
    write_model(folder)
    (folder / "tokenizer_config.json").unlink()
    made(folder)
    with pytest.raises(ConfigError, match=says):
        PretrainedEncoderConfig(folder=str(folder)).ready()


def test_links_of_the_cache_of_the_hub_are_followed(tmp_path):
    folder = tmp_path / "models--org--bert" / "snapshots" / "abc"
    write_model(folder)
    (folder.parent.parent / "blobs").mkdir()
    (folder / "model.safetensors").rename(folder.parent.parent / "blobs" / "123")
    (folder / "model.safetensors").symlink_to("../../blobs/123")
    assert started(folder).width == WIDTH


def test_nothing_is_fetched_or_unpickled_on_loading(bert, monkeypatch):
    import socket

    def refused(*_, **__):
        raise AssertionError("asked for a network or a pickle")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(torch, "load", refused)
    encoder = started(bert)
    names = {name.removeprefix("network.") for name in own_weights(encoder)}
    assert names <= load_file(bert / "model.safetensors").keys()
    assert isinstance(encoder.network, nn.Module)
