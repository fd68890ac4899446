"""Decoders of `transformers` behind our interface: their scores, in pieces and as a whole, and their beam search."""

import pytest
import torch

from weft.decoding.beam import Ranking, beam_search
from weft.decoding.generate import Terms, collected, unroll
from weft.models.base import Memory
from weft.models.pretrained_decoder import PretrainedDecoder

transformers = pytest.importorskip("transformers")

IDS, PAD, END = 60, 1, 0
SHAPE = {"d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "max_position_embeddings": 64, "init_std": 0.3}
SHAPE |= {f"{side}_attention_heads": 4 for side in ("encoder", "decoder")}
SHAPE |= {f"{side}_ffn_dim": 64 for side in ("encoder", "decoder")}
NAMED = {"vocab_size": IDS, "pad_token_id": PAD, "eos_token_id": END, "decoder_start_token_id": PAD}
MADE = {
    "gpt2": lambda: transformers.GPT2LMHeadModel(
        transformers.GPT2Config(vocab_size=IDS, n_embd=32, n_layer=2, n_head=4, n_positions=64, eos_token_id=END)
    ),
    "llama": lambda: transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            vocab_size=IDS,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
        )
    ),
    "t5": lambda: transformers.T5ForConditionalGeneration(
        transformers.T5Config(d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, initializer_factor=3.0, **NAMED)
    ),
    "bart": lambda: transformers.BartForConditionalGeneration(
        transformers.BartConfig(**SHAPE, **NAMED, forced_eos_token_id=None)
    ),
    "marian": lambda: transformers.MarianMTModel(transformers.MarianConfig(**SHAPE, **NAMED, forced_eos_token_id=None)),
}
PAIRS = ("t5", "bart", "marian")
SOURCE_BS = torch.tensor([[5, 9, 12, 7, 40], [8, 3, 59, PAD, PAD], [30, 31, 32, 33, PAD]])
MASK_BS = SOURCE_BS != PAD


def made(kind):
    torch.manual_seed(1)
    return MADE[kind]().eval()


def ours(theirs):
    return PretrainedDecoder(theirs).eval()


def memory_of(theirs):
    if not theirs.config.is_encoder_decoder:
        return None
    read = theirs.get_encoder()(input_ids=SOURCE_BS, attention_mask=MASK_BS.long())
    return Memory(read.last_hidden_state, MASK_BS)


@pytest.mark.parametrize("kind", MADE)
@torch.no_grad()
def test_scores_are_theirs_as_a_whole_and_in_pieces(kind):
    theirs = made(kind)
    decoder, memory, ids_BT = ours(theirs), memory_of(theirs), torch.randint(3, IDS, (3, 7))
    told = {"input_ids": SOURCE_BS, "attention_mask": MASK_BS.long(), "decoder_input_ids": ids_BT}
    expected = theirs(**(told if memory is not None else {"input_ids": ids_BT})).logits
    whole, _ = decoder(ids_BT, decoder.start(memory, rows=3))
    torch.testing.assert_close(decoder.logits(whole), expected, atol=1e-5, rtol=1e-5)
    state, pieces = decoder.start(memory, rows=3, capacity=7), []
    for first, last in ((0, 3), (3, 4), (4, 7)):
        states_BTD, state = decoder(ids_BT[:, first:last], state)
        pieces.append(decoder.logits(states_BTD))
    torch.testing.assert_close(torch.cat(pieces, 1), expected, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("kind", PAIRS)
@pytest.mark.parametrize(("size", "alpha"), [(1, 0.0), (4, 0.0), (4, 1.0)])
@torch.no_grad()
def test_beam_search_is_theirs(kind, size, alpha):
    theirs = made(kind)
    if hasattr(theirs, "final_logits_bias"):
        theirs.final_logits_bias[0, END] = 6.0  # so that some outputs end
    found = theirs.generate(
        input_ids=SOURCE_BS,
        attention_mask=MASK_BS.long(),
        num_beams=size,
        length_penalty=alpha,
        max_new_tokens=10,
        early_stopping="never" if size > 1 else False,
        do_sample=False,
        bad_words_ids=[[PAD]],
    )
    decoder, begin_B1 = ours(theirs), torch.full((3, 1), PAD)
    state = decoder.start(memory_of(theirs), rows=3, capacity=11)
    terms = Terms(END, 10, never=(PAD,))
    told = beam_search(decoder, state, begin_B1, terms=terms, size=size, ranking=Ranking(alpha), stop="sure")
    expected = [[number for number in row[1:] if number not in (END, PAD)] for row in found.tolist()]
    assert [row[0].ids for row in told] == expected


@pytest.mark.parametrize("kind", MADE)
@torch.no_grad()
def test_a_beam_of_one_is_greedy(kind):
    theirs = made(kind)
    decoder, begin_BP = ours(theirs), torch.tensor([[PAD, 4], [PAD, 9], [PAD, 33]])
    terms = Terms(END, 8, never=(PAD,))
    starts = [decoder.start(memory_of(theirs), rows=3, capacity=10) for _ in range(2)]
    beams = beam_search(decoder, starts[0], begin_BP, terms=terms, size=1)
    greedy = collected(unroll(decoder, starts[1], begin_BP, terms=terms), rows=3, end=END)
    assert [row[0].ids for row in beams] == [one.ids for one in greedy]
