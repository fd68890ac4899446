"""The accuracy of a table of answers on the texts that do not stand in the training file too.

    python bench/unseen.py runs/reviews/answers.jsonl train.jsonl.xz

Public test parts often repeat training texts (331 of the 1,200 of ChnSentiCorp do); a score on the others is the
honest one. Texts count as equal when they are, but for white space at their ends.
"""

import json
import sys

from weft.data.sources import open_table

answers_file, train_file = sys.argv[1:]
seen = {row.values["text"].strip() for row in open_table(train_file)}
with open(answers_file, encoding="utf-8") as lines:
    answers = [json.loads(line) for line in lines]
unseen = [one for one in answers if one["text"].strip() not in seen]
for name, part in (("all", answers), ("unseen", unseen)):
    right = sum(one["answer"] == one["label"] for one in part)
    print(f"{name:<7} {len(part):>6,} texts  accuracy {right / len(part):.4f}")
