"""The cheap baseline of text classification as a process: tf-idf and scikit-learn's linear support-vector machine.

python bench/peers/linear_svc.py TRAIN TEST ANSWERS words|characters|names

Words: those of TfidfVectorizer and their pairs; characters: 1 to 3, for Chinese; names: characters 1 to 5 inside words.
Counts are sublinear. The answers are written one a line.
"""

import json
import sys
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

train_file, test_file, answers_file, reading = sys.argv[1:]
NGRAMS = {"words": ("word", (1, 2)), "characters": ("char", (1, 3)), "names": ("char_wb", (1, 5))}
analyzer, span = NGRAMS[reading]
train, test = (
    [json.loads(line) for line in Path(file).read_text(encoding="utf-8").split("\n") if line]
    for file in (train_file, test_file)
)
vectorizer = TfidfVectorizer(analyzer=analyzer, ngram_range=span, sublinear_tf=True)
features = vectorizer.fit_transform([one["text"] for one in train])
model = LinearSVC().fit(features, [one["label"] for one in train])
answers = model.predict(vectorizer.transform([one["text"] for one in test]))
with open(answers_file, "w", encoding="utf-8") as file:
    file.writelines(f"{answer}\n" for answer in answers)
