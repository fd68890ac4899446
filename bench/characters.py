"""One row after another drawn from a small GPT of characters, as someone who waits has it; started by `decoding.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from measure import Side, alternate, profiled, ratios

from weft.decoding.generate import Terms, collected, drawing, unroll
from weft.models.gpt import GptDecoderConfig
from weft.models.int8 import in_int8

VOCABULARY = 66
PROMPT = 16


def characters(*, precisions: Sequence[str], tokens: int, runs: int, profile: bool) -> list[dict[str, Any]]:
    """4 layers of width 128 with fresh weights (how fast they draw does not depend on them); returns the records."""
    torch.manual_seed(0)
    config = GptDecoderConfig(width=128, layers=4, heads=4, feed_forward=512)
    decoder: Any = config.build(VOCABULARY, memory_width=None).eval()
    prompt = torch.randint(2, VOCABULARY - 1, (1, PROMPT))
    peers: dict[str, Callable[[], Any]] = {}
    if find_spec("transformers"):
        from peers.huggingface import as_arcee, int8, sampled

        peer = as_arcee(decoder)
        with torch.inference_mode():
            mine = decoder.logits(decoder(prompt, decoder.start(None, rows=1))[0])
            apart = float((mine - peer(input_ids=prompt).logits).abs().max())
        print(f"scores of weft and Hugging Face differ by at most {apart:.1e}\n")
        assert apart < 1e-3
        peers = {
            "float32": partial(sampled, peer, prompt, tokens=tokens),
            "int8": partial(sampled, int8(peer), prompt, tokens=tokens),
        }
    records = []
    for precision in precisions:
        one = decoder if precision == "float32" else in_int8(decoder)
        work = partial(drawn, one, prompt, tokens=tokens)
        named = {"weft": work}
        if precision == "int8":
            named["weft float32"] = partial(drawn, decoder, prompt, tokens=tokens)
        if peers:
            named["Hugging Face"] = peers[precision]
            if precision == "int8":
                named["Hugging Face float32"] = peers["float32"]
        for each in named.values():
            each()
        taken = alternate({name: Side(each) for name, each in named.items()}, runs=runs)
        for name in list(named)[1:]:
            pair = {"weft": taken["weft"], name: taken[name]}
            records.append(ratios(f"one row, {precision}", pair, work=tokens, unit="characters"))
        if profile:
            profiled(work)
    return records


@torch.inference_mode()
def drawn(decoder: Any, prompt: torch.Tensor, *, tokens: int) -> list[int]:
    """So many characters of one row, by weft."""
    state = decoder.start(None, rows=1, capacity=PROMPT + tokens)
    terms = Terms(VOCABULARY - 1, tokens, never=(0, 1, VOCABULARY - 1))
    choose = drawing(np.zeros(1, dtype=np.uint64), seed=0)
    return collected(unroll(decoder, state, prompt, terms=terms, choose=choose), rows=1, end=VOCABULARY - 1)[0].ids
