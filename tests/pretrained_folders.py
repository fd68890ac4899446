"""Writes small model folders as `transformers` does: random weights of any kind of encoder, and its tokenizer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer as Engine
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

from weft.models.model_folder import PAIRS

SIZE = 90
WIDTH = 16
SHARED = {
    "vocab_size": SIZE,
    "hidden_size": WIDTH,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 40,
    "pad_token_id": 0,
}
OTHERS: dict[str, dict[str, Any]] = {
    "albert": {"embedding_size": 8},
    "camembert": {"pad_token_id": 1, "type_vocab_size": 1},
    "deberta": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "type_vocab_size": 0},
    "deberta-v2": {
        "relative_attention": True,
        "position_buckets": 8,
        "norm_rel_ebd": "layer_norm",
        "share_att_key": True,
        "pos_att_type": ["p2c", "c2p"],
        "position_biased_input": False,
        "type_vocab_size": 0,
    },
    "electra": {"embedding_size": 8},
    "modernbert": {"cls_token_id": 1, "sep_token_id": 2, "eos_token_id": 2, "bos_token_id": 1},
    "mpnet": {"pad_token_id": 1},
    "roberta": {"pad_token_id": 1, "type_vocab_size": 1},
    "xlm-roberta": {"pad_token_id": 1, "type_vocab_size": 1},
}
"""What the architectures of some kinds have else than BERT's."""

WORDS = (
    "the a film is was not good bad very and it story plot acting ##s ##ed ##ing , . ! ? ， 。 ！"
    " 这 部 电 影 很 好 看 不 的 故 事 演 员 差 太 了 真 棒 i w love hate ever never again time first great dull"
)


def architecture(kind: str = "bert", **others: Any) -> dict[str, Any]:
    """What `config.json` of a small model says."""
    return {"model_type": kind, **SHARED, **OTHERS.get(kind, {}), **others}


def write_model(folder: Path, kind: str = "bert", *, seed: int = 0, **others: Any) -> Any:
    """A folder with a small model and the tokenizer of a BERT; returns the model of `transformers`."""
    import torch
    from transformers import CONFIG_MAPPING, AutoModel

    torch.manual_seed(seed)
    network = AutoModel.from_config(CONFIG_MAPPING[kind].from_dict(architecture(kind, **others))).eval()
    with torch.no_grad():
        for weight in network.parameters():  # biases and norms, which start alike, too
            weight.add_(torch.randn_like(weight), alpha=0.1)
    network.save_pretrained(folder)
    write_tokenizer(folder)
    return network


def vocabulary() -> list[str]:
    """The pieces of the tokenizer, by number."""
    letters = [f"{before}{letter}" for before in ("", "##") for letter in "eostn"]
    return list(dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS.split(), *letters]))


def write_tokenizer(folder: Path) -> None:
    """`tokenizer.json` of a BERT, which pads and cuts by itself as some folders say, and the roles of its tokens."""
    numbers = {piece: number for number, piece in enumerate(vocabulary())}
    engine = Engine(models.WordPiece(numbers, unk_token="[UNK]"))
    engine.normalizer = normalizers.BertNormalizer(lowercase=True)
    engine.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    engine.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", numbers["[CLS]"]), ("[SEP]", numbers["[SEP]"])],
    )
    engine.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    engine.enable_truncation(8)
    engine.enable_padding(length=8)
    folder.mkdir(parents=True, exist_ok=True)
    engine.save(str(folder / "tokenizer.json"))
    write_settings(folder)


def write_settings(folder: Path, **others: Any) -> None:
    """`tokenizer_config.json`, some roles as names and some as the objects that older versions wrote."""
    roles = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep")}
    given = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, **roles, **others}
    mask = {"__type": "AddedToken", "content": "[MASK]", "lstrip": True, "normalized": False}
    (folder / "tokenizer_config.json").write_text(json.dumps({**given, "mask_token": mask}), encoding="utf-8")


WRITER = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "max_position_embeddings": 40, "num_layers": 1}
WRITER |= {
    f"{side}_{what}": size
    for side in ("encoder", "decoder")
    for what, size in (("ffn_dim", 24), ("attention_heads", 2))
}
WRITER |= {"d_kv": 8, "d_ff": 24, "num_heads": 2, "hidden_size": 16, "num_hidden_layers": 1, "intermediate_size": 24}
WRITER |= {"num_attention_heads": 2, "num_key_value_heads": 1, "ffn_dim": 24, "word_embed_proj_dim": 16}
SYMBOLS = {"pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2}


def write_bytes_tokenizer(folder: Path) -> int:
    """Bytes, as GPT-2 and BART have them, with an end after what is read."""
    engine = Engine(models.BPE())
    engine.pre_tokenizer, engine.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<pad>", "</s>", "<s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    engine.train_from_iterator([WORDS.replace("#", "")], trainer)
    engine.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    engine.save(str(folder / "tokenizer.json"))
    return engine.get_vocab_size()


def write_writer(folder: Path, kind: str, **others: Any) -> Any:
    """A folder with a small model that writes, and its tokenizer; returns the model of `transformers`."""
    import torch
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM, AutoModelForSeq2SeqLM

    folder.mkdir()
    said = {"model_type": kind, **WRITER, **SYMBOLS, "vocab_size": write_bytes_tokenizer(folder)}
    if kind in PAIRS:
        said |= {"decoder_start_token_id": 1 if kind in ("bart", "m2m_100", "mbart") else 0}
    config = CONFIG_MAPPING[kind].from_dict({**said, **others})
    torch.manual_seed(0)
    whole = AutoModelForSeq2SeqLM if kind in PAIRS else AutoModelForCausalLM
    network = whole.from_config(config).eval()
    with torch.no_grad():
        for weight in filter(lambda one: one.requires_grad, network.parameters()):
            weight.add_(torch.randn_like(weight), alpha=0.1)
    network.save_pretrained(folder)
    return network
