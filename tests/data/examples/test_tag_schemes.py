from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.data.examples.tag_schemes import TagSet, decode, encode, find_scheme
from weft.errors import InputError


def found(*sentences):
    tags = [one.split() for one in sentences]
    openings = [tag for own in tags for before, tag in zip(["O", *own], own, strict=False) if before == "O"]
    return find_scheme(Counter(tag for own in tags for tag in own), Counter(openings))


@pytest.mark.parametrize(
    ("sentence", "scheme"),
    [
        ("B-PER I-PER O B-LOC", "bio"),
        ("I-PER I-PER O I-LOC O", "iob1"),
        ("B-PER E-PER O S-LOC", "bioes"),
        ("B-PER L-PER O U-LOC", "bilou"),
        ("B M E S S", "bmes"),
        ("B-PER M-PER E-PER W-LOC", "bmewo"),
        ("NN VV O NR", "none"),
        ("O O PER O LOC O O", "io"),
    ],
)
def test_the_scheme_is_found(sentence, scheme):
    assert found(sentence) == scheme


def test_an_unknown_scheme_is_refused():
    with pytest.raises(InputError, match="no scheme has all the prefixes `B`, `E`, `L`"):
        found("B-PER E-PER B-LOC L-LOC")
    with pytest.raises(InputError, match=r"others none, as `PER`") as caught:
        found("B-PER O PER I-PER")
    assert "task.scheme" in caught.value.hint
    with pytest.raises(InputError, match=r"`E-PER` is not one of scheme bio"):
        decode(["B-PER", "E-PER"], "bio")


# What conlleval makes of sequences, followed by hand through its rules of where a chunk ends and begins.
@pytest.mark.parametrize(
    ("tags", "scheme", "spans", "broken"),
    [
        ("B-A I-A O B-A B-A", "bio", [(0, 2, "A"), (3, 4, "A"), (4, 5, "A")], []),
        ("O I-A I-A", "bio", [(1, 3, "A")], [1]),
        ("B-A I-B I-B", "bio", [(0, 1, "A"), (1, 3, "B")], [1]),
        ("I-A I-A B-A O I-B", "iob1", [(0, 2, "A"), (2, 3, "A"), (4, 5, "B")], []),
        ("B-A I-A E-A S-B O", "bioes", [(0, 3, "A"), (3, 4, "B")], []),
        ("B-A I-A O", "bioes", [(0, 2, "A")], [2]),
        ("E-A I-A E-A", "bioes", [(0, 1, "A"), (1, 3, "A")], [0, 1]),
        ("B-A E-A E-A", "bioes", [(0, 2, "A"), (2, 3, "A")], [2]),
        ("B-A", "bioes", [(0, 1, "A")], [0]),
        ("B M E S", "bmes", [(0, 3, ""), (3, 4, "")], []),
        ("A A O B", "io", [(0, 2, "A"), (3, 4, "B")], []),
        ("A A", "none", [(0, 1, "A"), (1, 2, "A")], []),
    ],
)
def test_spans_are_those_of_conlleval(tags, scheme, spans, broken):
    given_tags = decode(tags.split(), scheme)
    assert given_tags.spans == spans
    assert given_tags.broken == broken


pieces = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.sampled_from(["人", "LOC"])), max_size=5)


@given(pieces, st.sampled_from(["bio", "bioes"]))
def test_what_is_encoded_is_decoded_and_allowed(parts, scheme):
    spans, end = [], 0
    for gap, length, label in parts:
        spans.append((end + gap, end + gap + length, label))
        end += gap + length
    tags = encode(spans, end + 1, scheme)
    assert decode(tags, scheme).spans == spans
    assert not decode(tags, scheme).broken
    names = TagSet.of([(length, label) for length in range(1, 5) for label in ("人", "LOC")], scheme)
    assert set(tags) <= set(names.names)
    assert all(map(names.allows, ["", *tags], [*tags, ""]))


@pytest.mark.parametrize(
    ("scheme", "broken"), [("bio", ["O I-A", "B-A I-B", "I-A"]), ("bioes", ["B-A O", "B-A S-B", "E-A", "B-A"])]
)
def test_broken_sequences_are_forbidden(scheme, broken):
    names = TagSet.of([(length, label) for length in (1, 2, 3) for label in "AB"], scheme)
    for one in broken:
        tags = ["", *one.split(), ""]
        assert not all(map(names.allows, tags[:-1], tags[1:]))


def test_words_have_all_four_tags_whatever_training_had():
    assert TagSet.of([(2, "")], "bioes").names == ("B", "I", "E", "S")
