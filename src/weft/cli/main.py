"""Entry point of the command line: the verbs, and the form of errors. A verb is imported only when it is used."""

from __future__ import annotations

import errno
import os
import re
import sys
from importlib import import_module

import click

from weft.cli.printing import prepare, say
from weft.errors import WeftError, did_you_mean, nearest

VERBS = {
    "demo": "Train four classifiers and a translator on built-in data; ends with pages.",
    "inspect": "Check a data set for problems before training.",
    "train": "Train a model on labelled texts, on pairs of texts, or on plain text.",
    "pretrain": "Pre-train an encoder or a decoder on plain text.",
    "compare": "Compare models on the same folds, with significance tests.",
    "label": "Propose the texts that are most worth labelling next.",
    "distil": "Distil a large model into a small, fast one.",
    "evaluate": "Evaluate a trained model on a labelled file.",
    "predict": "Predict with a trained model, as a table.",
    "answer": "Answer a question from a passage, and show where the answer is.",
    "generate": "Generate text: translate, summarise, continue a prompt.",
    "embed": "Write the vectors of texts to a file.",
    "search": "Find the texts that are most like a query.",
    "export": "Export a trained model to a format of other programs.",
    "score": "Score texts against references (BLEU, chrF, TER, ROUGE), without a model.",
}


FAILING = (errno.ENOSPC, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC))
"""Errors of the system that are no mistake in a path."""
_NO_MEMORY = re.compile("(not enough|out of|allocate) memory")


class Verbs(click.Group):
    """A group whose commands live in modules of their own names."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """List all verbs, in the order of a first visit."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the verb."""
        return import_module(f"weft.cli.{cmd_name}").command if cmd_name in VERBS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the verb that was typed, or raise an error with the nearest one."""
        if args and not args[0].startswith("-") and args[0] not in VERBS:
            raise WeftError(f"there is no command `{args[0]}`", hint=did_you_mean(args[0], VERBS))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="weft", message="weft %(version)s")
def cli() -> None:
    """From a file of texts to a trained, measured model, in English and Chinese."""


def main() -> None:
    """Run the command line; prints every mistake of a user in one form, and exits with its code."""
    # torch's threads wait for each other by spinning; on a machine with other work the default, thirty times longer,
    # made training three to five times slower. Read when torch is imported, so it is set before.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    prepare()
    try:
        cli.main(sys.argv[1:] or ["--help"], standalone_mode=False)
    except WeftError as error:
        _tell(str(error))
        sys.exit(error.exit_code)
    except click.UsageError as error:
        _tell(_usage(error))
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        _tell("interrupted")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        # a path that cannot be opened or made is one that the user named; else the disk is full, or failing
        reason = (error.strerror or str(error)).lower()
        _tell(f"{error.filename}: {reason}" if error.filename else reason)
        sys.exit(2 if error.filename and error.errno not in FAILING else 1)
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not _NO_MEMORY.search(str(error)):  # as torch says it
            raise
        _tell("there is not enough memory\nhint: lower training.batch_rows, task.max_length, or the size of the model")
        sys.exit(1)


def _tell(message: str) -> None:
    if int(os.environ.get("RANK", "0")) == 0:
        say(f"weft: {message}", err=True)


def _usage(error: click.UsageError) -> str:
    """Write a message of Click in weft's grammar: lower case, user input in backticks, a hint on a line of its own."""
    possible: list[str] = []
    message = error.format_message().split(" Did you mean")[0].split(" (Possible options")[0]
    if isinstance(error, click.NoSuchOption):
        message = f"there is no option `{error.option_name}`"
        context = error.ctx or click.Context(cli)
        possible = [name for parameter in context.command.get_params(context) for name in parameter.opts]
    message, chosen = message.rstrip(".").replace("'", "`"), ""
    if isinstance(error, click.BadParameter) and error.param and isinstance(error.param.type, click.Choice):
        chosen, possible = message.split("`")[3], [str(one) for one in error.param.type.choices]
    command_path = error.ctx.command_path if error.ctx else "weft"
    wrong = chosen or str(getattr(error, "option_name", ""))
    hint = did_you_mean(wrong, possible)
    if wrong == "--text" and "--column" in possible:  # as in training
        hint = "did you mean `--column`? It names the column of the text in a file for a trained model"
    if possible and not nearest(wrong, possible) and command_path.endswith("train"):
        hint = "see weft train --help; any other setting is given by its path, as --set training.epochs=5"
    return f"{message[:1].lower()}{message[1:]}\nhint: {hint or f'see {command_path} --help'}"
