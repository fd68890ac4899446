"""Tags real data by the command line's own settings, a test set once a seed; and the pace of Viterbi beside its peer.

    python bench/tagging.py weibo_ner_zh --seeds 3
    python bench/tagging.py conll2003_en --set task.encoder.hidden=256
    python bench/tagging.py atis --label intent --set task.tasks.intent.unseen_labels=wrong
    python bench/tagging.py --pace
    python bench/tagging.py --pace-of spacy

The data is read in WEFT_DATA, a folder for each set with `train.jsonl.xz`, `dev.jsonl.xz` and `test.jsonl.xz`. Of a set
without a test part the dev set is scored, and a part of the training set chooses the weights.

With `--label` a label is answered at once with the tags. Each alone has a weight of 0 for the other and a metric of its
own, as in `--set task.weights.intent=0 --set training.metric=tags.span_f1`.

`--pace-of spacy` trains and asks weft's tagger and spaCy's `ner`, each with its default settings on one thread, on a
part of conll2003_en in turn, and scores both after as many epochs by the same definition.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from measure import Side, alternate, ratios
from watched import watched

from weft.config import overridden, validated
from weft.data.examples.tagged import TaggedText, token_spans
from weft.data.sources import open_table
from weft.dataset import Examples
from weft.metrics.tagging import TaggedPair
from weft.models.crf import Transitions, best_path
from weft.run import RunConfig, fit_in_memory
from weft.tasks.tag_scores import quick_scores

SETS = {
    "weibo_ner_zh": "tags",
    "cluener_zh": "spans",
    "conll2003_en": "ner",
    "atis": "tags",
    "ctb6_cws": None,
    "ud_gsd_zh_pos": "upos",
}
"""Sets with their column of tags."""
SENTENCES, TAGS, LONGEST = 10_000, 9, 60
PART, ASKED, EPOCHS = 1_000, 1_000, 12
"""Sentences that both learn from in `--pace-of`, sentences that both tag, and epochs before they are scored."""


def found(folder: Path, part: str) -> Path | None:
    """The file of a part, packed or not; the dev part of some is called valid."""
    names = [f"{part}.jsonl.xz", f"{part}.jsonl", *(["valid.jsonl"] if part == "dev" else [])]
    return next((folder / name for name in names if (folder / name).exists()), None)


def score(name: str, seed: int, overrides: list[str], label: str | None) -> None:
    """Train on a set with a seed, choose by dev, and print dev and test scores beside those of counting."""
    folder = Path(os.environ["WEFT_DATA"]) / name
    parts = {part: str(file) for part in ("train", "dev", "test") if (file := found(folder, part))}
    if "test" not in parts:
        parts["test"] = parts.pop("dev")
    tagging = {"kind": "tagging", **({"tags": SETS[name]} if SETS[name] else {})}
    tasks = {label: {"kind": "classification", "label": label}, "tags": tagging}
    task = {"kind": "joint", "tasks": tasks} if label else tagging
    config = validated(RunConfig, overridden({"data": parts, "task": task, "seed": seed, "device": "cpu"}, overrides))
    run = watched(config, called=f"{name} {seed}")
    result = run.result
    scores = " ".join(f"{key} {100 * one['value']:.2f}" for key, one in result["scores"].items())
    floors = "; ".join(
        f"{floor} {100 * next(iter(values.values())):.2f}"
        for floor, values in result["details"].get("floors", {}).items()
    )
    pace = result["speed"]["texts_per_second"]
    print(
        f"{name} seed {seed}: dev {100 * run.best:.2f}; test {scores}; {floors}; {run.seconds:.0f} s,"
        f" {pace:.0f} texts/s"
    )


def pace(runs: int) -> None:
    """Decode the same scores by both, of sentences of many lengths; they have to agree."""
    torch.manual_seed(0)
    lengths = torch.randint(5, LONGEST, (SENTENCES,)).sort(descending=True).values
    scores_BTC = torch.randn(SENTENCES, LONGEST, TAGS)
    mask_BT = torch.arange(LONGEST) < lengths[:, None]
    moves = Transitions(torch.randn(TAGS), torch.randn(TAGS, TAGS), torch.randn(TAGS))
    sides = {"weft": Side(lambda: best_path(scores_BTC, mask_BT, moves))}
    if find_spec("torchcrf"):
        from torchcrf import CRF

        peer = CRF(TAGS, batch_first=True)
        peer.start_transitions.data, peer.end_transitions.data = moves.first_C, moves.last_C
        peer.transitions.data = moves.between_CC
        sides["pytorch-crf"] = Side(lambda: peer.decode(scores_BTC, mask_BT))
        ours = best_path(scores_BTC, mask_BT, moves)
        assert [row[:length].tolist() for row, length in zip(ours, lengths, strict=True)] == peer.decode(
            scores_BTC, mask_BT
        )
    taken = alternate(sides, runs=runs)
    for side, each in taken.items():
        print(f"{side}: {each.middle('cpu'):.2f} CPU s, {each.middle('wall'):.2f} s for {SENTENCES:,} sentences")
    if len(taken) > 1:
        print(f"weft is {taken['pytorch-crf'].middle('cpu') / taken['weft'].middle('cpu'):.1f} times as fast")


def pace_of_spacy(runs: int) -> None:
    """Train and ask weft and spaCy in turn: one epoch each a run; then score both after `EPOCHS` epochs."""
    from peers import spacy_ner

    folder = Path(os.environ["WEFT_DATA"]) / "conll2003_en"
    plain = validated(RunConfig, {"data": {"train": ""}, "task": {"kind": "tagging", "tags": "ner"}, "device": "cpu"})
    table = open_table(str(found(folder, "train")), encoding="auto", on_bad_row="stop")
    task = plain.task.resolved(table)
    learned = list(task.read(table))[:PART]
    further = open_table(str(found(folder, "test")), encoding="auto", on_bad_row="stop")
    asked = list(task.for_table(further).read(further))[:ASKED]
    sentences = [_in_tokens(task, one) for one in learned]

    def ours(epochs: int) -> Any:
        settings = {**plain.model_dump(exclude_unset=True), "training": {"epochs": epochs}}
        config = validated(RunConfig, settings).model_copy(update={"task": task})
        return fit_in_memory(config, Examples(task, learned, asked[:16], [], []))

    def theirs(epochs: int) -> Any:
        return spacy_ner.train(sentences, epochs=epochs, seed=0)

    models = {"weft": ours(EPOCHS), "spacy": theirs(EPOCHS)}
    questions, words = [task.question_of(one) for one in asked], [_in_tokens(task, one)[0] for one in asked]
    trained = {"weft": Side(lambda: ours(1)), "spacy": Side(lambda: theirs(1))}
    ratios("training, one epoch from the texts on", alternate(trained, runs=runs), work=len(learned), unit="sentences")
    answering = {
        "weft": Side(
            lambda: models["weft"].answer(questions),
            lambda made: _f1(asked, [[(one.start, one.end, one.label) for one in given.spans] for given in made]),
        ),
        "spacy": Side(
            lambda: spacy_ner.tag(models["spacy"], words),
            lambda made: _f1(asked, [_in_characters(task, *pair) for pair in zip(asked, made, strict=True)]),
        ),
    }
    taken = alternate(answering, runs=runs)
    ratios(f"tagging, after {EPOCHS} epochs", taken, work=len(asked), unit="sentences", scored="span F1")


def _in_tokens(task: Any, one: TaggedText) -> tuple[Sequence[str], list[tuple[int, int, str]]]:
    return one.tokens or (), token_spans(one, task.tokenized(one).places)


def _in_characters(task: Any, one: TaggedText, spans: Sequence[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    places = task.tokenized(one).places
    return [(places[first][0], places[last - 1][1], label) for first, last, label in spans]


def _f1(asked: Sequence[TaggedText], made: Sequence[Sequence[tuple[int, int, str]]]) -> float:
    pairs = [TaggedPair(one.text, {*map(tuple, one.spans or ())}, {*own}) for one, own in zip(asked, made, strict=True)]
    return quick_scores(pairs, "spans")["span_f1"]


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", choices=[*SETS, []])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    parser.add_argument("--label", help="a column of labels that are answered at once with the tags")
    parser.add_argument("--pace", action="store_true")
    parser.add_argument("--pace-of", choices=["spacy"], help="a peer that is trained and asked in turn with weft")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.pace:
        pace(given.runs)
    if given.pace_of:
        pace_of_spacy(given.runs)
    for name in given.sets:
        for seed in range(given.first, given.first + given.seeds):
            score(name, seed, given.overrides, given.label)


if __name__ == "__main__":
    main()
