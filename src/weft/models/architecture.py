"""The settings of `config.json` that describe a pre-trained network; nothing else of the file is handed to a library.

What is not named here has no effect: settings by which `transformers` would fetch code, such as kernels for attention,
read other folders or count in other numbers, and whatever later versions add. Numbers are held to sizes that can be.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

LARGEST, MOST_LAYERS, LONGEST_TEXT = 2**31 - 1, 1000, 100
_NAMES = """
    model_type vocab_size type_vocab_size task_type_vocab_size decoder_vocab_size use_task_id
    hidden_size embedding_size intermediate_size pooler_hidden_size attention_head_size head_dim word_embed_proj_dim
    dim hidden_dim d_model d_ff d_kv n_embd n_inner n_ctx ffn_dim encoder_ffn_dim decoder_ffn_dim
    num_hidden_layers num_layers num_decoder_layers encoder_layers decoder_layers n_layer n_layers num_hidden_groups
    inner_group_num num_attention_heads num_key_value_heads num_heads n_head n_heads encoder_attention_heads
    decoder_attention_heads max_window_layers layer_types
    max_position_embeddings n_positions extra_pos_embeddings static_position_embeddings sinusoidal_pos_embds
    position_embedding_type position_biased_input position_buckets pos_att_type relative_attention
    relative_attention_num_buckets relative_attention_max_distance max_relative_positions norm_rel_ebd share_att_key
    rope_parameters rope_scaling rope_theta partial_rotary_factor rotary_pct rotary_emb_base global_rope_theta
    local_rope_theta global_attn_every_n_layers local_attention sliding_window use_sliding_window
    activation activation_function hidden_act hidden_activation pooler_hidden_act feed_forward_proj is_gated_act
    dense_act_fn conv_act conv_groups conv_kernel_size talking_head legacy
    attention_bias mlp_bias norm_bias decoder_bias enable_bias classifier_bias use_parallel_residual
    layer_norm_eps layer_norm_epsilon norm_eps rms_norm_eps layer_norm_elementwise_affine do_layer_norm_before
    _remove_final_layer_norm normalize_before normalize_embedding add_final_layer_norm
    scale_embedding scale_attn_weights scale_attn_by_inverse_layer_idx scale_decoder_outputs reorder_and_upcast_attn
    hidden_dropout_prob attention_probs_dropout_prob classifier_dropout classifier_dropout_prob attention_dropout
    activation_dropout dropout dropout_rate hidden_dropout embedding_dropout mlp_dropout pooler_dropout qa_dropout
    seq_classif_dropout resid_pdrop embd_pdrop attn_pdrop summary_first_dropout summary_last_dropout
    layerdrop encoder_layerdrop decoder_layerdrop
    image_size patch_size num_channels qkv_bias layerscale_value mlp_ratio use_swiglu_ffn use_mask_token projection_dim
    vision_use_head
    initializer_range initializer_factor initializer_cutoff_factor init_std
    is_decoder is_encoder_decoder add_cross_attention share_encoder_decoder_embeddings tie_word_embeddings use_cache
    pretraining_tp deterministic_flash_attn
    pad_token_id bos_token_id eos_token_id cls_token_id sep_token_id decoder_start_token_id forced_bos_token_id
    forced_eos_token_id
"""
NAMES = frozenset(_NAMES.split())
"""All settings that an architecture may have."""
_INTEGER = re.compile(r"(.*_(size|layers?|heads?|dim|id|embeddings|positions|buckets|groups)|d_.*|n_.*|dim)")
_FREE = frozenset(
    {"vision_use_head", "static_position_embeddings", "extra_pos_embeddings", "share_encoder_decoder_embeddings"}
)
_FREE |= {"tie_word_embeddings", "use_task_id", "vision_use_head"}
_LAYERS = re.compile(r".*(layers?|groups?|group_num)")
_TABLED = {"distilbert": "dim", "marian": "d_model", "pegasus": "d_model"}
"""The kinds whose positions are a table that is computed number by number, and their widths."""
_LARGEST_TABLE = 2**24


def architecture_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what describes a network among the settings of a `config.json`.

    Raises ValueError for a value that cannot be.
    """
    found = {name: value for name, value in said.items() if name in NAMES}
    for name, value in found.items():
        _check(name, value)
        if _INTEGER.fullmatch(name) and name not in _FREE:
            _check_integer(name, value)
    kind = found.get("model_type")
    if kind in _TABLED:
        size = (found.get("max_position_embeddings") or 1) * (found.get(_TABLED[kind]) or 1)
        if size > _LARGEST_TABLE:
            raise ValueError(f"`max_position_embeddings`: a table of {size:,} numbers, expected {_LARGEST_TABLE:,}")
    return found


def _check(name: str, value: Any, *, depth: int = 0) -> None:
    if isinstance(value, Mapping | list) and depth < 3 and len(value) <= MOST_LAYERS:
        for inner in (*value, *value.values()) if isinstance(value, Mapping) else value:
            _check(name, inner, depth=depth + 1)
    elif isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise ValueError(f"`{name}` has {len(value):,} characters, expected {LONGEST_TEXT} at most")
    elif isinstance(value, int | float):
        if not math.isfinite(value) or abs(value) > LARGEST:
            raise ValueError(f"`{name}` is {value!s:.40}, expected {LARGEST:,} at most")
    elif value is not None:
        raise ValueError(f"`{name}` is no number, word, or short list of them")


def _check_integer(name: str, value: Any) -> None:
    one = name.endswith("_token_id")
    for part in value if isinstance(value, list) and one else (value,):
        if part is not None and (not isinstance(part, int) or isinstance(part, bool)):
            raise ValueError(f"`{name}` is `{part!s:.40}`, expected a whole number")
        if isinstance(part, int) and _LAYERS.fullmatch(name) and part > MOST_LAYERS:
            raise ValueError(f"`{name}` is {part:,}, expected {MOST_LAYERS:,} at most")
