"""The table of precisions, and the rows of a batch."""

import pytest
import torch

from weft.errors import ConfigError
from weft.training.settings import precision_for, rows_for

CPU = torch.device("cpu")


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("encoder", ["bag", "cnn", "rnn", "lstm", "gru", "transformer"])
def test_on_cpu_by_kind_and_processor(monkeypatch: pytest.MonkeyPatch, encoder: str, native: bool) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: native)
    expected = "bfloat16" if native and encoder in ("cnn", "transformer") else "float32"
    assert precision_for(encoder, CPU) == expected
    assert precision_for(encoder, CPU, asked="float64") == "float64"


def test_what_the_processor_cannot_do_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    with pytest.raises(ConfigError, match="`lstm` cannot be trained in bfloat16 on this cpu"):
        precision_for("lstm", CPU, asked="bfloat16")
    with pytest.raises(ConfigError, match="float64 on this mps"):
        precision_for("cnn", torch.device("mps"), asked="float64")
    assert precision_for("cnn", CPU, asked="bfloat16") == "bfloat16"


@pytest.mark.parametrize(("rows", "expected"), [(40, 8), (500, 10), (3_000, 60), (6_400, 128), (29_000, 128)])
def test_little_data_has_small_batches_and_so_fifty_steps_an_epoch(rows: int, expected: int) -> None:
    assert rows_for(None, rows=rows) == expected
    assert rows_for(32, rows=rows) == 32, "what is asked for is kept"
