"""Exports a language model of weft in the format of GPT-2, for `transformers`.

Radford et al. 2019: learned positions, layer norms before each part and at the end, biases, a tied head. weft's `gpt`
with `positions=learned` and `norm=layer` is that model, so nothing is converted: the weights change their names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from tokenizers import processors
from torch import Tensor

from weft.bundle import Model
from weft.errors import ConfigError
from weft.files import placed, write_json, write_text, written_folder
from weft.models.gpt import GptDecoderConfig
from weft.models.transformer_decoder import TransformerDecoder
from weft.tasks.language_model import LanguageModelTask
from weft.text.tokenizers.portable import END, portable

LAYER = {
    "attention_norm": "ln_1",
    "attention.project": "attn.c_attn",
    "attention.join": "attn.c_proj",
    "feed_norm": "ln_2",
    "widen": "mlp.c_fc",
    "narrow": "mlp.c_proj",
}
"""Names of the parts of a layer, ours and theirs."""


CARD = f"""# A language model in the format of GPT-2

Trained with weft. `transformers.AutoModelForCausalLM` and `AutoTokenizer` read this folder; {{ids:,}} tokens are known,
and at most {{context:,}} are read at once.

Texts were learned with the token `{END}` before them and, where each was a text of its own, after them. The tokenizer
puts it before a text by itself, so scores are those of weft. With `add_special_tokens=False` it does not: put it there.
"""
"""The card of an exported model."""


def export_gpt2(model: Model, folder: Path) -> None:
    """Write `config.json`, `model.safetensors` and `tokenizer.json` into a new folder.

    Raises ConfigError for a model that is no GPT-2.
    """
    task = model.task
    config = getattr(task.config, "decoder", None)
    if not isinstance(task, LanguageModelTask) or not isinstance(config, GptDecoderConfig):
        what = f"a model of task `{task.config.kind}` with a decoder `{getattr(config, 'kind', 'none')}` is no GPT-2"
        raise ConfigError(what, where="--format gpt2", hint="train a language model with --decoder gpt")
    if config.positions != "learned" or config.norm != "layer":
        what = (
            f"GPT-2 has learned positions and layer norms, this model {config.positions} ones and {config.norm} norms"
        )
        hint = "train with --set task.decoder.positions=learned --set task.decoder.norm=layer"
        raise ConfigError(what, where="--format gpt2", hint=hint)
    decoder: Any = model.network.decoder
    engine = portable(task.tokenizer)
    # every text was learned after the end symbol, which stands before it for whoever reads the folder, too
    engine.post_processor = processors.TemplateProcessing(
        single=f"{END} $A", pair=f"{END} $A $B", special_tokens=[(END, task.end)]
    )
    with written_folder(folder) as fresh:
        write_json(fresh / "config.json", _config(config, ids=task.end + 1))
        with placed(fresh / "model.safetensors") as part:
            save_file(_weights(decoder), part, metadata={"format": "pt"})
        engine.save(str(fresh / "tokenizer.json"))
        special = {"bos_token": END, "eos_token": END, "unk_token": "<unknown>", "pad_token": "<pad>"}
        # GPT-2 adds an embedding for each type of token that it is given, and none was learned
        names = {"model_input_names": ["input_ids", "attention_mask"]}
        settings = {"tokenizer_class": "PreTrainedTokenizerFast", **special, **names}
        write_json(fresh / "tokenizer_config.json", settings)
        write_text(fresh / "README.md", CARD.format(context=config.max_length, ids=task.end + 1))


def _config(config: GptDecoderConfig, *, ids: int) -> dict[str, Any]:
    drops = dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), config.dropout)
    return {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "vocab_size": ids,
        "n_positions": config.max_length,
        "n_embd": config.width,
        "n_layer": config.layers,
        "n_head": config.heads,
        "n_inner": config.feed_forward,
        "activation_function": "gelu",
        "layer_norm_epsilon": 1e-5,
        "tie_word_embeddings": True,
        "bos_token_id": ids - 1,
        "eos_token_id": ids - 1,
        **drops,
    }


def _weights(decoder: TransformerDecoder) -> dict[str, Tensor]:
    named: dict[str, Any] = {"wte.weight": decoder.embedding.weight, "wpe.weight": decoder.places_TD}
    parts: dict[str, Any] = {"ln_f": decoder.norm}
    for depth, layer in enumerate(decoder.layers):
        parts |= {f"h.{depth}.{theirs}": layer.get_submodule(ours) for ours, theirs in LAYER.items()}
    for name, part in parts.items():
        # their products are stored the other way round
        named[f"{name}.weight"] = part.weight.T if part.weight.ndim == 2 else part.weight
        named[f"{name}.bias"] = part.bias
    return {f"transformer.{name}": value.detach().cpu().float().contiguous() for name, value in named.items()}
