"""Trials of encoders within a budget: the same seed chooses the same, nothing is tried twice, and the run says why."""

import json
import re
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import weft
from tests.pretrained_folders import write_model
from weft.config import overridden, read_yaml, validated
from weft.errors import ConfigError, Interrupted
from weft.models.auto import AutoEncoderConfig
from weft.models.bag import BagEncoderConfig
from weft.models.cnn import CnnEncoderConfig
from weft.models.rnn import LstmEncoderConfig
from weft.training import trials
from weft.training.reports import Note, Report

TOPICS = {"room": ("the room was clean", "房间很干净"), "food": ("the soup was cold", "汤是冷的")}
SMALL = (CnnEncoderConfig(width=8, maps=8), LstmEncoderConfig(width=8, hidden=8))


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    write("topics.jsonl", TOPICS)
    monkeypatch.setattr(trials, "FEWEST", 2)

    def candidates(self: AutoEncoderConfig, *, against_bag: str) -> list[Any]:
        return [*([] if against_bag else [BagEncoderConfig()]), *SMALL]

    monkeypatch.setattr(AutoEncoderConfig, "candidates", candidates)


def write(name: str, texts: dict[str, tuple[str, ...]]) -> None:
    rows = [{"text": f"{text} {number}", "label": label}
            for number in range(10) for label, some in texts.items() for text in some]  # fmt: skip
    Path(name).write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", encoding="utf-8")


def run(folder: str, *settings: str, data: str = "topics.jsonl", **options: Any) -> list[Report]:
    given = [f"data.train={data}", "device=cpu", "task.encoder={kind: auto, budget: 60s}", *settings]
    return list(weft.train(validated(weft.RunConfig, overridden({}, given)), folder, **options))


def notes(reports: list[Report]) -> str:
    return "\n".join(one.text for one in reports if isinstance(one, Note))


def encoder(folder: str) -> str:
    return read_yaml(Path(folder, "config.yaml"))["task"]["encoder"]["kind"]


def stopped_at(call: int) -> Callable[[], int]:
    asked = count(1)
    return lambda: 15 if next(asked) == call else 0


def test_what_was_tried_is_said_and_kept_with_the_choice():
    said = notes(run("run"))
    assert "trial of bag: dev 100.00%, solved" in said
    assert "trial of cnn: dev" in said
    assert "encoder: bag, the best of 3 in trials, by accuracy on the dev set: bag 100.00% (solved), " in said
    kept = [json.loads(line) for line in Path("run/reports.jsonl").read_text(encoding="utf-8").splitlines()]
    assert any("the best of 3 in trials" in one.get("text", "") for one in kept)
    assert encoder("run") == "bag"
    assert [one.label for one in weft.load("run").answer(["the room was clean", "汤是冷的"])] == ["room", "food"]


def test_bag_and_networks_are_tried_on_two_texts():
    rows = [{"a": text, "b": f"{text} {number}", "label": label}
            for number in range(8) for label, some in TOPICS.items() for text in some]  # fmt: skip
    Path("pairs.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")
    said = notes(run("run", "task.text=[a, b]", "task.label=label", data="pairs.jsonl"))
    assert all(f"trial of {name}" in said for name in ("bag", "cnn", "lstm"))
    assert f"encoder: {encoder('run')}, the best of 3 in trials" in said


def test_a_pretrained_folder_is_tried_beside_them_or_it_is_said_what_that_takes(monkeypatch):
    write_model(Path("bert"))
    monkeypatch.setattr(
        AutoEncoderConfig, "candidates", lambda self, against_bag: [*SMALL, f"pretrained:{self.folder}"]
    )
    said = notes(run("run", "task.encoder={kind: auto, budget: 60s, folder: bert}"))
    assert "trial of pretrained:bert: dev" in said
    assert f"encoder: {encoder('run')}, the best of 3 in trials" in said
    short = notes(run("short", "task.encoder={kind: auto, budget: 1e-9, folder: bert}"))
    assert re.search(r"pretrained:bert was not tried: a trial of 2 steps needs --budget \d", short)


def test_of_ngrams_no_network_is_tried():
    said = notes(run("run", "task.tokenizer=ngrams"))
    assert "encoder: bag, the only one in a trial" in said


def test_the_same_seed_chooses_the_same():
    one, two = (notes(run(folder, "seed=3")) for folder in ("one", "two"))
    assert one == two
    assert Path("one/weights.safetensors").read_bytes() == Path("two/weights.safetensors").read_bytes()


def test_resuming_takes_what_was_chosen_without_trials():
    settings = ("training.epochs=3", "training.checkpoint_every=1", "training.batch_rows=8")
    asked = count()
    whole = notes(run("whole", *settings, stop=lambda: 0 * next(asked)))
    with pytest.raises(Interrupted):  # trials ask too whether to stop
        run("run", *settings, stop=stopped_at(next(asked) - 4))
    chosen = encoder("run")
    resumed = notes(run("run", *settings, resume=True))
    assert "trial of" in whole
    assert "trial of" not in resumed
    assert encoder("run") == chosen == encoder("whole")
    assert Path("run/weights.safetensors").read_bytes() == Path("whole/weights.safetensors").read_bytes()


def test_a_signal_during_trials_leaves_nothing_behind():
    with pytest.raises(Interrupted, match="stopped during the trials"):
        run("run", stop=stopped_at(3))
    assert not Path("run").exists() or not any(Path("run").iterdir())


def test_a_budget_that_is_too_small_for_a_trial_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(trials, "FEWEST", 30)
    said = notes(run("run", "task.encoder.budget=1e-9"))
    assert "encoder: bag, the only one in a trial" in said
    assert "cnn was not tried: a trial of 30 steps needs --budget 1s" in said
    said = notes(run("steps", "task.encoder.budget=1e-9", "training.epochs=1", "training.batch_rows=1"))
    assert "encoder: cnn, by the rules, since none was tried" in said


def test_half_of_the_networks_go_on_with_twice_the_steps(monkeypatch: pytest.MonkeyPatch):
    taken: list[tuple[str, int]] = []
    scores = {"a": 0.5, "b": 0.9, "c": 0.7, "d": 0.6}

    class Rounds(trials._Trials):
        def take(self, name: str, steps: int):
            taken.append((name, steps))
            self.found[name] = trials.Trial(steps, 1000, scores[name])
            yield Note(name)

    monkeypatch.setattr(trials, "seconds_a_step", lambda job: 0.1)
    monkeypatch.setattr(trials, "_all_steps", lambda job: 1000)
    jobs: dict[str, Any] = {name: _Named() for name in scores}
    rounds = Rounds(jobs, 80.0)
    list(rounds.halve(list(scores)))
    assert taken == [("a", 100), ("b", 100), ("c", 100), ("d", 100), ("b", 200), ("c", 200)]
    assert rounds.choice().name == "b"


class _Named:
    """A job of which only the score is asked for."""

    solved = False

    class config:  # noqa: N801
        metric = "accuracy"


def test_the_run_after_trials_is_that_of_the_encoder_that_was_chosen(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(AutoEncoderConfig, "candidates", lambda self, against_bag: SMALL)
    settings = ("training.epochs=2", "training.patience=null")
    run("tried", *settings)
    run(
        "named",
        *settings,
        f"task.encoder={{kind: {encoder('tried')}, width: 8}}",
        f"task.encoder.{_SIZE[encoder('tried')]}=8",
    )
    assert Path("tried/weights.safetensors").read_bytes() == Path("named/weights.safetensors").read_bytes()


_SIZE = {"cnn": "maps", "lstm": "hidden"}


@pytest.mark.parametrize(("budget", "what"), [("soon", "expected a time"), ("-3", "greater"), ("0s", "great")])
def test_a_budget_that_is_none_is_taught(budget: str, what: str):
    with pytest.raises(ConfigError, match=what) as caught:
        run("run", f"task.encoder={{kind: auto, budget: {budget}}}")
    assert caught.value.where == "task.encoder.budget"


@pytest.mark.parametrize(("budget", "seconds"), [("60", 60), ("60s", 60), ("1.5m", 90), ("1h", 3600), ("2", 2)])
def test_a_budget_is_a_time(budget: str, seconds: float):
    found = AutoEncoderConfig.model_validate({"budget": budget})
    assert found.budget == seconds
    assert AutoEncoderConfig.model_validate(found.model_dump(mode="json")) == found


def test_a_folder_is_tried_only_within_a_budget():
    with pytest.raises(ConfigError, match="only tried where there is a budget"):
        run("run", "task.encoder=auto:./bert")
