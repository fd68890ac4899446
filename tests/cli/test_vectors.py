"""`weft train --vectors`: what it says, and what it refuses."""

from pathlib import Path

import weft as package


def test_vectors_are_named_by_an_option_and_told_of(weft):
    Path("words.vec").write_text("2 4\nsoup 1 2 3 4\n好 -1 0 1 2\n", encoding="utf-8")
    sets = ("--set", "task.encoder.maps=8", "--set", "training.epochs=1", "--set", "device=cpu")
    said = weft("train", "reviews.csv", "--vectors", "words.vec", *sets, "--output", "model")
    assert said.code == 0, said.err
    assert "vectors: words.vec, 4 wide and trained, cover" in said.err
    assert package.load("model", device="cpu").task.config.encoder.width == 4


def test_vectors_of_another_width_than_is_set_are_refused(refused):
    Path("words.vec").write_text("soup 1 2 3 4\n好 -1 0 1 2\n", encoding="utf-8")
    says = ("task.encoder.width: expected 4", "words.vec, found 8", "leave it out")
    refused("train", "reviews.csv", "--vectors", "words.vec", says=says)


def test_what_is_no_file_of_vectors_is_refused(refused):
    refused("train", "reviews.csv", "--vectors", "absent.vec", says=("absent.vec: there is no such file",))
    refused("train", "reviews.csv", "--vectors", "reviews.csv", says=("reviews.csv:1", "a word and its numbers"))


def test_a_bag_has_none(refused):
    Path("words.vec").write_text("soup 1 2 3 4\n", encoding="utf-8")
    says = ("task.vectors: `bag` reads n-grams", "leave it out")
    refused("train", "reviews.csv", "--vectors", "words.vec", "--set", "task.encoder={kind: bag}", says=says)
