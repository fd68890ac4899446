"""Learns the pieces of a unigram language model, so that the same texts always give the same pieces.

The trainer of the `tokenizers` library adds probabilities up in the order of a hash table, and so gives other pieces
each time. Here counts are whole numbers: pieces are counted in the best segmentation of each word ("hard" EM) instead
of in all of them. As in Kudo 2018 (section 3.2), the pieces are chosen from many candidates, in rounds that each drop
those whose loss costs the likelihood of the texts least; the candidates come from byte-pair encoding.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

import numpy as np
from tokenizers import Tokenizer as Engine
from tokenizers.models import BPE, Unigram
from tokenizers.pre_tokenizers import PreTokenizer
from tokenizers.trainers import BpeTrainer

CANDIDATES_A_PIECE = 4
KEPT_A_ROUND = 0.6
LONGEST = 16
UNSEEN = 0.5  # the count of a character that no best segmentation uses: it stays, for other texts


def learn_unigram(texts: Sequence[str], parts: PreTokenizer, *, size: int) -> Unigram:
    """Learn the pieces that make texts, split into parts by `parts`, most probable.

    At most `size`, padding and the unknown included; every single character of the texts is one of them, even beyond
    it.
    """
    words = _words(texts, parts)
    scores = dict.fromkeys(_candidates(texts, parts, size * CANDIDATES_A_PIECE), -1.0)
    while True:
        for _ in range(2):
            counts = _counts(words, scores)
            scores = _scores(counts)
        longer = sorted(piece for piece in scores if len(piece) > 1)
        room = max(0, size - 2 - (len(scores) - len(longer)))
        if len(longer) <= room:
            return _model(scores)
        longer.sort(key=lambda piece: counts[piece] * (scores[piece] - _without(piece, scores)))
        for piece in longer[: len(longer) - max(room, int(len(longer) * KEPT_A_ROUND))]:
            del scores[piece]


def _words(texts: Iterable[str], parts: PreTokenizer) -> Counter[str]:
    """Count the parts of texts."""
    spaced = Counter(word for text in texts for word in re.findall(" ?[^ ]+| ", text))
    words: Counter[str] = Counter()
    for word, count in spaced.items():
        for part, _ in parts.pre_tokenize_str(word):
            words[part] += count
    return words


def _candidates(texts: Sequence[str], parts: PreTokenizer, size: int) -> list[str]:
    """Return every character, and the runs of characters that byte-pair encoding merges."""
    engine = Engine(BPE())
    engine.pre_tokenizer = parts
    engine.train_from_iterator(texts, BpeTrainer(vocab_size=size, max_token_length=LONGEST, show_progress=False))
    return sorted(engine.get_vocab())


def _model(scores: Mapping[str, float]) -> Unigram:
    """Build the model with the likely pieces first, equal ones in the order of their characters."""
    pieces = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return Unigram([("<pad>", 0.0), ("<unknown>", 0.0), *pieces], unk_id=1)


def _counts(words: Counter[str], scores: Mapping[str, float]) -> dict[str, float]:
    """Count each piece in the most probable segmentations of the words."""
    engine = Engine(_model(scores))
    rows = [row.ids for row in engine.encode_batch_fast(list(words))]
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    ids_N = np.fromiter(chain.from_iterable(rows), np.int64, int(lengths.sum()))
    weights_N = np.repeat(np.fromiter(words.values(), np.float64, len(words)), lengths)
    times_V = np.bincount(ids_N, weights_N, minlength=engine.get_vocab_size())
    return {piece: float(times_V[engine.token_to_id(piece)]) for piece in sorted(scores)}


def _scores(counts: Mapping[str, float]) -> dict[str, float]:
    """Return log probabilities; a piece of several characters that is never used is dropped."""
    kept = {piece: max(count, UNSEEN) for piece, count in counts.items() if count or len(piece) == 1}
    total = math.fsum(kept.values())
    return {piece: math.log(count / total) for piece, count in kept.items()}


def _without(piece: str, scores: Mapping[str, float]) -> float:
    """Return the best score of a piece spelled by shorter ones (Viterbi 1967); characters are always available."""
    best = [0.0] + [-math.inf] * len(piece)
    for end in range(1, len(piece) + 1):
        for start in range(end):
            score = scores.get(piece[start:end]) if end - start < len(piece) else None
            if score is not None and best[start] + score > best[end]:
                best[end] = best[start] + score
    return best[-1]
