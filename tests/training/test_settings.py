"""The table of precisions, and the rows of a batch."""

import pytest
import torch

from weft.config import kind_of
from weft.errors import ConfigError
from weft.models.choices import ENCODERS
from weft.models.gpt import GptDecoderConfig
from weft.models.rnn_decoder import GruDecoderConfig
from weft.training import settings
from weft.training.settings import precision_for, rows_for

KINDS = {kind_of(kind): kind() for kind in ENCODERS if "folder" not in kind.model_fields}
CPU = torch.device("cpu")


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("encoder", ["bag", "cnn", "rnn", "lstm", "gru", "transformer"])
def test_on_cpu_by_kind_and_processor(monkeypatch: pytest.MonkeyPatch, encoder: str, native: bool) -> None:
    monkeypatch.setattr(settings, "cpu_has_bfloat16", lambda: native)
    expected = "bfloat16" if native and encoder in ("cnn", "transformer") else "float32"
    assert precision_for([KINDS[encoder]], CPU) == expected
    assert precision_for([KINDS[encoder]], CPU, asked="float64") == "float64"


def test_a_model_of_several_parts_takes_the_precision_on_which_all_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "cpu_has_bfloat16", lambda: True)
    assert precision_for([KINDS["transformer"], GptDecoderConfig()], CPU) == "bfloat16"
    assert precision_for([KINDS["transformer"], GruDecoderConfig()], CPU) == "float32"
    assert precision_for([], CPU) == "float32", "a task whose parts are not known"


def test_what_the_processor_cannot_do_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "cpu_has_bfloat16", lambda: False)
    with pytest.raises(ConfigError, match="`lstm` cannot be trained in bfloat16 on this cpu"):
        precision_for([KINDS["lstm"]], CPU, asked="bfloat16")
    with pytest.raises(ConfigError, match="float64 on this mps"):
        precision_for([KINDS["cnn"]], torch.device("mps"), asked="float64")
    assert precision_for([KINDS["cnn"]], CPU, asked="bfloat16") == "bfloat16"


@pytest.mark.parametrize(("rows", "expected"), [(40, 8), (500, 10), (3_000, 60), (6_400, 128), (29_000, 128)])
def test_little_data_has_small_batches_and_so_fifty_steps_an_epoch(rows: int, expected: int) -> None:
    assert rows_for(None, rows=rows) == expected
    assert rows_for(32, rows=rows) == 32, "what is asked for is kept"
