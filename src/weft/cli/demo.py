"""`weft demo`: everything once, on data inside the package."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from weft.cli import options
from weft.cli.console import Teller, Terminal, stopping
from weft.cli.formatting import interval
from weft.run_folder import PAGE


@click.command("demo", short_help="Train four classifiers and a translator on built-in data.")
@click.option("--output", default="runs/demo", show_default=True, help="Folder for data, runs and page.")
@click.option(
    "--seed",
    type=options.SEED,
    default=0,
    show_default=True,
    help="Random seed: the same seed gives the same data and weights.",
)
def command(output: str, seed: int) -> None:
    """Train bag, CNN, LSTM and Transformer on reviews made by weft, and a translator on sentences with numbers."""
    from weft.demo.runs import NOTE, TRANSLATOR, mistaken, results, run_demo, translated

    folder = Path(output)
    with stopping() as received:
        Teller().tell(run_demo(folder, seed=seed, stop=lambda: received[0] if received else 0))
    console = Terminal(soft_wrap=True)
    console.print()
    console.print(_table(results(folder)))
    missed = mistaken(folder, by="bag", not_by="lstm")
    console.print(
        f"\nThe bag sees little order. Of the {len(missed)} texts that it gets wrong and the LSTM gets right:"
    )
    for one in _plainest(missed):
        console.print(f"  {one['label']:<9} {one['text']}")
    _tell_translator(console, *translated(folder))
    console.print(f"\n{NOTE}\n")
    console.print(f"pages  {folder / PAGE}  {folder / TRANSLATOR / PAGE}")
    # as it was called: in a virtual environment that is not active, `weft` alone would not be found
    called = "weft" if shutil.which("weft") else sys.argv[0]
    console.print(f'next   {called} predict {folder / "lstm"} --text "味道很好" --text "not bad at all"')
    english = "The train to Rome leaves at half past four."
    console.print(f'       {called} generate {folder / TRANSLATOR} --text "{english}"')


def _tell_translator(console: Terminal, scores: Mapping[str, Any], answers: Sequence[Mapping[str, Any]]) -> None:
    bleu = scores["scores"]["bleu"]
    right = sum(one["answer"] in one["references"] for one in answers)
    console.print(
        f"\nThe translator gets BLEU {bleu['value']:.1f} ({interval('bleu', bleu)}) on {len(answers)} "
        f"test sentences; {right} outputs match their reference exactly:"
    )
    for one in answers[:4]:
        mark = "✓" if one["answer"] in one["references"] else "✗"
        console.print(f"  {mark} {one['source']}  →  {one['answer']}")


def _plainest(missed: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Choose two English texts and two Chinese ones: the shortest that are long enough to turn in the middle."""
    turning = [one for one in missed if len(one["text"]) >= (70 if one["text"].isascii() else 28)]
    turning.sort(key=lambda one: len(one["text"]))
    english = [one for one in turning if one["text"].isascii()]
    chinese = [one for one in turning if not one["text"].isascii()]
    return english[:2] + chinese[:2]


def _table(scores: Mapping[str, Any]) -> Table:
    table = Table(title="Test set: 1,000 texts", title_justify="left", title_style="bold")
    for column in ("encoder", "accuracy", "95% interval", "log loss", "texts/s", "MB", "trained"):
        table.add_column(column, justify="left" if column == "encoder" else "right", no_wrap=True)
    for encoder, one in scores.items():
        accuracy = one["scores"]["accuracy"]
        table.add_row(
            encoder,
            f"{accuracy['value']:.1%}",
            interval("accuracy", accuracy),
            f"{one['scores']['log_loss']['value']:.3f}",
            f"{one['speed']['texts_per_second']:,.0f}",
            f"{one['size_bytes'] / 1e6:.1f}",
            f"{one['train_seconds']:.0f} s",
        )
    return table
