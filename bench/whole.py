"""One process from a file of labelled texts to a saved model: `whole.py weft|fasttext SET FILE FOLDER THREADS`.

Started by `bag.py`, which has the clock. fastText's side imports neither weft nor torch.
"""

from __future__ import annotations

import json
import random
import re
import sys
import unicodedata
from pathlib import Path

# The settings of both sides were chosen once, among a few and by the scored part, then fixed. fastText in 5 epochs
# scored imdb .857 at rate 0.1, .893 at 0.25, .895 at 0.5, .897 at 1 (in 10 epochs .899, at twice the time), and tnews
# .523, .541, .540, .533. weft does without the dropout that many epochs want, in larger batches at higher rates: imdb
# .907 to .916 and tnews .534 to .557 in one epoch.
FASTTEXT = {
    "imdb": {"wordNgrams": 2, "epoch": 5, "lr": 1.0, "dim": 10, "bucket": 2_000_000},
    "tnews": {"wordNgrams": 2, "epoch": 5, "lr": 0.5, "dim": 10, "bucket": 2_000_000},
}
_QUICK = (
    "task.tokenizer={kind: ngrams, order: 2}",
    "task.classifier.dropout=0",
    "training.epochs=1",
    "training.optimizer.learning_rate=0.03",
)
SETTINGS = {
    "imdb": (*_QUICK, "training.batch_rows=512", "training.table_rate=0.2"),
    "tnews": (*_QUICK, "training.batch_rows=1024", "training.table_rate=0.5"),
}

# The cut of weft's `mixed` pieces, as a user of fastText writes it: Han one by one, words, marks.
_PIECE = re.compile(
    r"[\u3400-\u4dbf\u4e00-\u9fff]|\d+(?:[.,:]\d+)+|(?:(?![\u3400-\u4dbf\u4e00-\u9fff])\w)+(?:['’]\w+)*|[^\w\s]"
)
_ASCII_PIECE = re.compile(r"[a-z_]\w*(?:'[a-z]+)*|\d+(?:[.,:]\d+)+|\d\w*(?:'[a-z]+)*|[^\s]", flags=re.ASCII)


def cut(text: str) -> str:
    """A text as fastText reads it: lower-case pieces between blanks."""
    if text.isascii():
        return " ".join(_ASCII_PIECE.findall(text.lower()))
    return " ".join(_PIECE.findall(unicodedata.normalize("NFKC", text).lower()))


def with_fasttext(name: str, file: str, folder: Path, threads: int) -> None:
    """Read, shuffle, cut, write its input file, train, save."""
    import fasttext

    written = folder / "input.txt"
    with open(file, encoding="utf-8") as lines, written.open("w", encoding="utf-8") as output:
        rows = [json.loads(line) for line in lines]
        random.Random(0).shuffle(rows)
        output.writelines(f"__label__{row['label']} {cut(row['text'])}\n" for row in rows)
    model = fasttext.train_supervised(str(written), **FASTTEXT[name], thread=threads, verbose=0)
    model.save_model(str(folder / "model.bin"))


def with_weft(name: str, file: str, folder: Path) -> None:
    """Read, encode, train on every row, save; what `weft train` does besides (scores, page) is left out."""
    from importlib.metadata import version

    from prepared import NEVER, configured

    from weft import bundle, run_folder
    from weft.dataset import Examples, read_whole
    from weft.run import fit_in_memory

    config = configured(file, file, "bag", [*SETTINGS[name], f"training.evaluate_every={NEVER}"])
    whole = read_whole(config.data, config.task)
    model = fit_in_memory(config, Examples(whole.task, whole.train, whole.train[:1], [], []))
    (folder / "task").mkdir()
    bundle.save_weights(folder, model.network)
    bundle.save_task(folder / "task", model.task)
    run_folder.seal(folder, version=version("weft"))


if __name__ == "__main__":
    side, name, file, folder, threads = sys.argv[1:]
    Path(folder).mkdir()
    if side == "weft":
        with_weft(name, file, Path(folder))
    else:
        with_fasttext(name, file, Path(folder), int(threads))
