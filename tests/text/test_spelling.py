"""What ids add to a text against the library's own decoding, for every way in which pieces tell of spaces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from weft.text.spelling import Spelling

TEXTS = ["the cat sat on the mat", "a dog ran home again", "春眠不覺曉 處處聞啼鳥", "夜來風雨聲 花落知多少", "<0x41>"]


def trained(model, pre, decoder, alphabet=()):
    engine = Tokenizer(model)
    engine.pre_tokenizer, engine.decoder = pre, decoder
    kind = trainers.WordPieceTrainer if isinstance(model, models.WordPiece) else trainers.BpeTrainer
    trainer = kind(
        vocab_size=400, special_tokens=["<s>", "[UNK]"], show_progress=False, initial_alphabet=list(alphabet)
    )
    engine.train_from_iterator(TEXTS, trainer)
    return engine


def like_llama():
    """`▁` by a normalizer, bytes for what is unknown, and the first space stripped, as Llama's file does it."""
    pieces = {"<unk>": 0, **{f"<0x{byte:02X}>": byte + 1 for byte in range(256)}}
    pieces |= {piece: 257 + place for place, piece in enumerate(("▁", "t", "h", "e", "▁t", "he", "▁the", "春"))}
    merges = [("▁", "t"), ("h", "e"), ("▁t", "he")]
    engine = Tokenizer(models.BPE(pieces, merges, unk_token="<unk>", byte_fallback=True))
    engine.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    engine.decoder = decoders.Sequence(steps)
    return engine


ENGINES = {
    "bytes": trained(
        models.BPE(),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
        decoders.ByteLevel(),
        pre_tokenizers.ByteLevel.alphabet(),
    ),
    "metaspace": trained(models.BPE(unk_token="[UNK]"), pre_tokenizers.Metaspace(), decoders.Metaspace()),
    "wordpiece": trained(
        models.WordPiece(unk_token="[UNK]"), pre_tokenizers.WhitespaceSplit(), decoders.WordPiece(cleanup=False)
    ),
    "fallback": like_llama(),
}


@pytest.mark.parametrize("kind", ENGINES)
@given(text=st.sampled_from([*TEXTS, "the 春 the", "cat"]) | st.text(st.sampled_from("the cat春 "), max_size=12))
def test_spelling_is_the_librarys_decoding(kind, text):
    engine = ENGINES[kind]
    text = " ".join(text.split())
    ids = engine.encode(text, add_special_tokens=False).ids
    told = b"".join(Spelling.of(engine).spell(ids)).decode("utf-8", "replace")
    assert told == engine.decode(ids)


def test_special_ids_add_nothing():
    spelling = Spelling.of(ENGINES["metaspace"])
    ids = ENGINES["metaspace"].encode("the cat").ids
    assert b"".join(spelling.spell([0, *ids, 0])) == b"the cat"
