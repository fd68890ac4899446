"""fastText's supervised mode as a process, with the settings of its tutorial: 25 epochs, rate 0.5, pairs of words.

python bench/peers/fast_text.py TRAIN TEST ANSWERS words|characters|names

Chinese is cut into characters. The answers are written one a line. Needs `fasttext`: pip install
fasttext-numpy2-wheel, or `--target FOLDER` and PYTHONPATH=FOLDER.
"""

import json
import sys
import tempfile
from pathlib import Path

import fasttext

train_file, test_file, answers_file, reading = sys.argv[1:]
train, test = (
    [json.loads(line) for line in Path(file).read_text(encoding="utf-8").split("\n") if line]
    for file in (train_file, test_file)
)


def cut(text: str) -> str:
    """The pieces of a text, between blanks."""
    return " ".join(text if reading == "characters" else text.split())


labels = sorted({one["label"] for one in train})
with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
    file.writelines(f"__label__{labels.index(one['label'])} {cut(one['text'])}\n" for one in train)
    file.flush()
    letters = {"minn": 1, "maxn": 5} if reading == "names" else {}
    model = fasttext.train_supervised(file.name, epoch=25, lr=0.5, wordNgrams=2, thread=1, verbose=0, **letters)
with open(answers_file, "w", encoding="utf-8") as file:
    for one in test:
        (found,), _ = model.predict(cut(one["text"]))
        file.write(f"{labels[int(found.removeprefix('__label__'))]}\n")
