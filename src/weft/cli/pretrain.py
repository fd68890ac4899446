"""`weft pretrain`: from plain text to an encoder or a decoder that other trainings start from."""

from __future__ import annotations

from typing import Any

import click

from weft.cli import options, train
from weft.config import kind_of

OBJECTIVE = (
    "mlm (the default): an encoder predicts masked words; clm: a decoder predicts the next token; autoencoder: images "
    "are squeezed into vectors and drawn again."
)


@click.command("pretrain", short_help="Train an encoder or a decoder on plain text, to be fine-tuned.")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--objective", type=click.Choice(["mlm", "clm", "autoencoder"]), default="mlm", help=OBJECTIVE)
@click.option("--text", help="Column of the text. Default: guessed.")
@options.dev
@options.test
@click.option("--encoder", help="Of mlm: transformer (the default), lstm, gru, rnn, cnn or pretrained:FOLDER.")
@click.option("--decoder", help="Of clm: gpt (the default), lstm, gru or pretrained:FOLDER.")
@options.one_run
@click.pass_context
def command(context: click.Context, objective: str, **given: Any) -> None:
    """Train on SOURCE without labels: a .txt as one long text, a column of any table, or images; or a run.yaml.

    `weft train FILE --encoder pretrained:FOLDER` then starts from the folder, `--decoder pretrained:FOLDER` from that
    of clm; by that of autoencoder images are searched: `weft search FOLDER IMAGES --image IMAGE`.
    """
    from weft.tasks.choices import TASKS

    tasks = {one.objective: one for one in TASKS if one.objective}
    for part in ("encoder", "decoder"):
        if given[part] is not None and part not in tasks[objective].parts:
            of = next(name for name, one in tasks.items() if part in one.parts)
            raise click.UsageError(f"--{part} is of --objective {of}, and this is {objective}", context)
    context.invoke(train.command, kind=kind_of(tasks[objective]), named=None, no_header=False, **given)
