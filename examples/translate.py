"""From a list of pairs to a translator: dates and numbers, English to Chinese, in half a minute on one core."""

import sys

import weft
from weft.demo.translations import demo_pairs

if __name__ == "__main__":
    pairs = demo_pairs(3000, seed=0)
    sources, targets = [one.english for one in pairs], [one.chinese for one in pairs]
    # few pairs, a small network: the defaults suit some tens of thousands
    small = {
        "task.encoder": {"kind": "gru", "width": 128, "hidden": 64, "dropout": 0.1},
        "task.decoder": {"kind": "gru", "width": 128, "hidden": 128, "dropout": 0.1},
    }
    translator = weft.Seq2Seq(
        epochs=8,
        gold=0.9,  # one token in ten that the decoder reads while it learns is its own guess
        learning_rate=8e-3,
        settings={"training.batch_rows": 32, "training.ema": None, **small},
    )
    translator.fit(sources[:-200], targets[:-200])
    print(f"chrF of sentences never seen: {translator.score(sources[-200:], targets[-200:]):.3f}")
    for answer in translator.answer(["It is half past ten in the morning now."], search=weft.Beam(5, alternatives=2)):
        print(answer.text, "or", *answer.alternatives)
    translator.save(sys.argv[1] if len(sys.argv) > 1 else "runs/translate")  # for `weft.load` and `weft generate`
