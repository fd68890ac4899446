"""`weft export`: a trained model in a form that other programs read."""

from __future__ import annotations

from pathlib import Path

import click

from weft.cli.printing import say


@click.command("export", short_help="Export a trained model to a format of other programs.")
@click.argument("folder")
@click.option("--format", "form", type=click.Choice(["gpt2"]), default="gpt2", show_default=True, help="Format.")
@click.option("--output", required=True, help="Folder to write; it must not exist yet, or be empty.")
def command(folder: str, form: str, output: str) -> None:  # noqa: ARG001  (one form so far)
    """Write the model in FOLDER, a run of `weft train`, as OUTPUT.

    gpt2: `config.json`, `model.safetensors` and `tokenizer.json`, as `transformers` reads GPT-2. Needs a language model
    whose decoder is `gpt` with learned positions and layer norms.
    """
    from weft.bundle import load
    from weft.export.gpt2 import export_gpt2
    from weft.run_folder import check_free

    check_free(Path(output), hint="delete it or name another --output")
    export_gpt2(load(folder, device="cpu"), Path(output))
    say(f"{output}: GPT-2, as transformers.AutoModelForCausalLM.from_pretrained reads it", err=True)
