"""Subjects of e-mails: the training file, with phrases of the mails beside their subjects, and ROUGE-1 of a model's.

python bench/subjects.py make $WEFT_DATA/aeslc subjects
weft train subjects/train.jsonl --dev subjects/dev.jsonl --source body --target subject --output runs/subjects ...
python bench/subjects.py judge runs/subjects subjects/test.jsonl

A model that learns from few mails writes subjects that fit any of them. So each mail is learned from twice: with its
subject, and with the phrase of its first words that has most in common with the subject, where one has. A first word
tells the model which of the two is asked for: the weights are chosen by subjects, what is scored are phrases. The other
settings stand in docs/en/results.md.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from measure import data_file

import weft
from weft.data.sources import open_table
from weft.metrics.rouge import rouge
from weft.metrics.systems import intervals

FIRST, LONGEST = 48, 12
"""A phrase lies in so many first words of a mail, and has at most so many."""
LEAST = 0.4
"""F1 of the words of phrase and subject from which on a phrase is learned."""
ARTICLES = ("a", "an", "the", "this", "that")
PRONOUNS = ("I", "it", "we", "you", "my", "his", "our", "your", "their")
VERBS = ("is", "are", "be", "has", "have")
JOINING = ("and", "or", "as", "at", "by", "for", "from", "in", "of", "on", "re", "to", "with", "not")
SMALL = frozenset(word.lower() for word in (*ARTICLES, *PRONOUNS, *VERBS, *JOINING))
"""Words that a phrase neither begins nor ends with."""
EDGES = ' ,.;:!?-()"'


def words_of(text: str) -> list[str]:
    """Lower-cased runs of letters and digits."""
    return re.findall(r"[a-z0-9]+", text.lower())


def phrase(body: str, subject: str) -> str:
    """The phrase of a mail most like its subject by F1 of words, small words at its ends cut off; empty if none is."""
    words = body.split()[:FIRST]
    of_each, gold = [words_of(word) for word in words], Counter(words_of(subject))
    best, found = 0.0, (0, 0)
    for start in range(len(words)):
        have: Counter[str] = Counter()
        for stop in range(start, min(len(words), start + LONGEST)):
            have.update(of_each[stop])
            alike = 2 * (have & gold).total() / (have.total() + gold.total() or 1)
            if alike > best:
                best, found = alike, (start, stop + 1)
    start, stop = found if best >= LEAST else (0, 0)
    while start < stop and SMALL.issuperset(of_each[start]):
        start += 1
    while start < stop and SMALL.issuperset(of_each[stop - 1]):
        stop -= 1
    return " ".join(words[start:stop]).strip(EDGES)


def make(folder: str, target: str) -> None:
    """Write `train.jsonl`, `dev.jsonl`, which asks for subjects, and `test.jsonl`, which asks for phrases."""
    into = Path(target)
    into.mkdir(parents=True, exist_ok=True)
    learned = [row for mail in _mails(folder, "train") for row in _learned(mail)]
    _write(into / "train.jsonl", learned)
    print(f"{len(learned):,} rows, of them {sum(row['body'].startswith('phrase') for row in learned):,} with a phrase")
    for part, word in (("dev", "subject"), ("test", "phrase")):
        _write(into / f"{part}.jsonl", [_asked(mail, word) for mail in _mails(folder, part)])


def judge(run: str, part: str) -> None:
    """ROUGE-1 of a run by its own search beside that of the words with which the mails begin."""
    rows = [json.loads(line) for line in Path(part).read_text("utf-8").splitlines()]
    bodies = [row["body"] for row in rows]
    model = weft.load(run)
    written = {f"{run}, {model.task.config.search.kind}": [answer.text for answer in model.answer(bodies)]}
    for count in (5, 8, 12):
        written[f"the first {count} words"] = [" ".join(body.split()[2 : 2 + count]) for body in bodies]
    sent = [[row["subject"]] for row in rows]
    people = [[row["subject"], *row["more"]] for row in rows]
    for name, texts in written.items():
        print(name)
        systems = {"the subject that was sent": sent, "the best of it and three people's": people}
        scores = {of: rouge(texts, references)["rouge1"].score for of, references in systems.items()}
        for of, score in intervals(scores).items():
            print(f"  ROUGE-1 {score.value:.1f} ({score.low:.1f} to {score.high:.1f}) beside {of}")


def _mails(folder: str, part: str) -> Iterator[Mapping[str, str]]:
    for row in open_table(data_file(Path(folder), part)):
        yield {**row.values, "body": " ".join(row.values["body"].split())}


def _learned(mail: Mapping[str, str]) -> list[dict[str, str]]:
    body, subject = mail["body"], mail["subject"]
    found = phrase(body, subject)
    rows = [{"body": f"subject : {body}", "subject": subject}]
    return [*rows, {"body": f"phrase : {body}", "subject": found}] if found else rows


def _asked(mail: Mapping[str, str], word: str) -> dict[str, str | list[str]]:
    more = [mail[name] for name in ("ann0", "ann1", "ann2") if mail.get(name)]
    return {"body": f"{word} : {mail['body']}", "subject": mail["subject"], "more": more}


def _write(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, does, *names in (("make", make, "folder", "target"), ("judge", judge, "run", "part")):
        one = verbs.add_parser(verb)
        one.set_defaults(does=does)
        for name in names:
            one.add_argument(name)
    given = vars(parser.parse_args())
    given.pop("verb")
    given.pop("does")(**given)
