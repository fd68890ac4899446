"""`weft demo`: everything once, on data inside the package."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from weft.cli.talk import Teller, stopping
from weft.experiments.demo import NOTE, mistaken, results, run_demo


@click.command("demo", short_help="Train four models on data inside the package.")
@click.option("--output", default="runs/demo", show_default=True, help="Folder for data, runs and page.")
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same data and weights.")
def command(output: str, seed: int) -> None:
    """Train bag, CNN, LSTM and Transformer on reviews made by weft; ends with a table and a page."""
    folder = Path(output)
    with stopping() as received:
        Teller().tell(run_demo(folder, seed=seed, stop=lambda: received[0] if received else 0))
    console = Console(file=sys.stdout, highlight=False)
    table = Table(title="1,000 texts that no model has seen", title_justify="left", title_style="bold")
    for column in ("encoder", "accuracy", "95% interval", "macro F1", "texts/s", "MB", "trained in s"):
        table.add_column(column, justify="left" if column == "encoder" else "right", no_wrap=True)
    for encoder, one in results(folder).items():
        accuracy, f1 = one["scores"]["accuracy"], one["scores"]["macro_f1"]
        table.add_row(
            encoder,
            f"{accuracy['value']:.1%}",
            f"{accuracy['low']:.1%} - {accuracy['high']:.1%}",
            f"{f1['value']:.3f}",
            f"{one['speed']['texts_per_second']:,.0f}",
            f"{one['size_bytes'] / 1e6:.1f}",
            f"{one['train_seconds']:.0f}",
        )
    console.print()
    console.print(table)
    missed = mistaken(folder, by="bag", not_by="lstm")
    console.print(f"\nThe bag, which sees no order, misses {len(missed)} texts that the LSTM reads right, such as")
    for one in missed[:4]:
        console.print(f"  {one['label']:<9} {one['text']}", markup=False)
    console.print(f"\n{NOTE}\n", soft_wrap=True)
    console.print(f"page   {folder / 'page.html'}", soft_wrap=True)
    console.print(f'ask    weft predict {folder / "lstm"} --text "味道很好" --text "not bad at all"', soft_wrap=True)
