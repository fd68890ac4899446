from pathlib import Path

import numpy as np
import pytest
import torch

import weft
from tests.small_tasks import IN_BATCH, SMALL_TASKS
from weft.data.examples.text_pairs import TextPair
from weft.errors import ConfigError, InputError
from weft.evaluation.embed import embed
from weft.models.bi_encoder import normalized
from weft.tasks.similarity_losses import cosine_loss, negatives_loss, ranking_loss
from weft.tasks.similarity_scores import Scored, quick_scores, scored

CPU = torch.device("cpu")
SMALL = {small.name: small for small in SMALL_TASKS if small.kind == "similarity"}
every = pytest.mark.parametrize("small", SMALL.values(), ids=SMALL)


def test_ranking_is_zero_only_where_cosines_are_in_the_order_of_scores():
    score_B = torch.tensor([5.0, 0.0, 3.0])
    assert ranking_loss(torch.tensor([0.9, -0.9, 0.1]), score_B, scale=20) < 1e-4
    by_hand = 3 * np.log(1 + np.exp(20 * 0.2) + np.exp(20 * 0.1) + np.exp(20 * 0.1))
    found = ranking_loss(torch.tensor([0.1, 0.3, 0.2], dtype=torch.float64), score_B, scale=20)
    # 5 above 0: 0.3 - 0.1; 5 above 3: 0.2 - 0.1; 3 above 0: 0.3 - 0.2
    assert float(found) == pytest.approx(by_hand)
    assert ranking_loss(torch.tensor([0.5, 0.1]), torch.tensor([1.0, 1.0]), scale=20) == 0


def test_negatives_are_the_other_texts_of_the_batch_but_not_those_that_are_right_too():
    first_BD = normalized(torch.tensor([[1.0, 0], [0, 1], [1, 1]]))
    apart_BB = torch.eye(3, dtype=torch.bool)
    cosines_BB = (first_BD @ first_BD.T).double()
    expected = -torch.log_softmax(20 * cosines_BB, 1).diagonal().sum()
    assert float(negatives_loss(first_BD, first_BD, None, apart_BB, scale=20)) == pytest.approx(
        float(expected), rel=1e-5
    )
    same_BB = apart_BB.clone()
    same_BB[0, 2] = same_BB[2, 0] = True
    assert negatives_loss(first_BD, first_BD, None, same_BB, scale=20) < expected
    hard_BD = first_BD[[2, 2, 0]]
    assert negatives_loss(first_BD, first_BD, hard_BD, same_BB, scale=20) > negatives_loss(
        first_BD, first_BD, None, same_BB, scale=20
    )


def test_cosine_regression_is_the_squared_error():
    assert cosine_loss(torch.tensor([0.5, 1.0]), torch.tensor([1.0, 0.0])) == 1.25


@pytest.mark.parametrize("name", IN_BATCH)
def test_losses_in_a_batch_do_not_depend_on_the_order_of_its_rows(name):
    small = next(one for one in SMALL_TASKS if one.name == name)
    rows = np.arange(len(small.columns))
    one, other = (
        small.task.loss(small.model, small.task.collate(small.columns, order), 0) for order in (rows, rows[::-1])
    )
    torch.testing.assert_close(one.sum, other.sum, rtol=1e-4, atol=1e-4)


@every
def test_texts_have_the_vectors_that_pairs_are_scored_by(small):
    model = small.model
    firsts, seconds = ([getattr(one, name) for one in small.examples] for name in ("text", "second"))
    one_ED, other_ED = (embed(small.task, model, texts, device=CPU) for texts in (firsts, seconds))
    np.testing.assert_allclose(np.linalg.norm(one_ED, axis=1), 1, rtol=1e-5)
    given = weft.bundle.answer(small.task, model, small.examples, device=CPU)
    np.testing.assert_allclose((one_ED * other_ED).sum(1), [one.cosine for one in given], atol=1e-5)
    alone = np.concatenate([embed(small.task, model, [text], device=CPU) for text in firsts])
    np.testing.assert_allclose(alone, one_ED, atol=1e-5)
    narrow = embed(small.task, model, firsts, device=CPU, width=4)
    np.testing.assert_allclose(narrow, one_ED[:, :4] / np.linalg.norm(one_ED[:, :4], axis=1, keepdims=True), atol=1e-5)
    with pytest.raises(InputError, match="expected a width"):
        embed(small.task, model, firsts, device=CPU, width=10_000)


def test_scores_are_on_the_scale_of_training():
    small = SMALL["similarity-cnn"]  # whose lowest score, 0, is a cosine of -1
    (given,) = weft.bundle.answer(small.task, small.model, small.examples[:1], device=CPU)
    assert given.score == pytest.approx((given.cosine + 1) / 2 * 5)


def test_pairs_without_scores_are_ranked_and_misses_are_named():
    small = SMALL["similarity-negatives"]
    given = weft.bundle.answer(small.task, small.model, small.examples, device=CPU)
    scores = small.task.score(given, small.examples)
    assert list(scores.values) == ["ndcg_at_10", "mrr", "recall_at_1", "recall_at_5", "recall_at_10"]
    assert list(scores.details["floors"]) == ["BM25", "tf-idf cosine"]
    assert scores.details["against"]["BM25"]["score"] == "ndcg_at_10"
    assert scores.details["texts"] == scores.details["queries"] == 10
    assert {"query", "text", "found", "rank"} == set(scores.details["misses"][0])


def test_a_text_equal_to_the_query_is_none_of_its_candidates():
    one, other = ["退货要多久", "how long does it take", "运费"], ["退货几天", "how many days is it", "邮费"]
    vectors = np.eye(3), np.eye(3) * 0.9 + 0.01
    apart = scored(Scored(one, other, vectors=vectors))
    # each pair both ways round: every query stands among the texts, where its cosine is 1
    first_ND, second_ND = (np.concatenate([vectors[side], vectors[1 - side]]) for side in (0, 1))
    both = scored(Scored(one + other, other + one, vectors=(first_ND, second_ND)))
    assert {name: score.value for name, score in both.values.items()} == dict.fromkeys(apart.values, 1)
    assert both.details["misses"] == []
    assert both.details["floors"]["tf-idf cosine"]["recall_at_1"] >= 0.5
    # of a pair of equal texts the second one is what is looked for
    same = quick_scores(Scored(["运费", "邮费"], ["运费", "天数"], vectors=(np.eye(2), np.eye(2))))
    assert same["recall_at_1"] == 1


def test_a_text_that_belongs_to_two_queries_is_right_for_both():
    small = SMALL["similarity-negatives"]
    examples = [TextPair("good", "好"), TextPair("fine", "好"), TextPair("good", "不错")]
    batch = small.task.collate(small.task.encode(examples), np.arange(3))
    one_B, other_B = batch.ids_B2.unbind(1)
    assert (one_B[0], other_B[0]) == (one_B[2], other_B[1])


def config(**settings):
    return {"task": {"kind": "similarity", "text": ["a", "b"], **settings}, "training.epochs": 1, "device": "cpu"}


def write(name, rows):
    Path(name).write_text("a,b,c,score\n" + "".join(f"{row}\n" for row in rows), encoding="utf-8")


ROWS = [f"text {number},文本 {number},other,{number % 3}" for number in range(40)]


def test_settings_that_do_not_fit_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("a.csv", ROWS)
    with pytest.raises(ConfigError, match="starts from vectors of zeros"):
        weft.fit("a.csv", "run", settings=config(value="score", encoder="bag"))
    with pytest.raises(ConfigError, match="has no use for scores"):
        weft.fit("a.csv", "run", settings=config(value="score", loss={"kind": "negatives"}))
    with pytest.raises(ConfigError, match="no smaller width"):
        weft.fit("a.csv", "run", settings=config(value="score", bi_encoder={"widths": [4096]}))
    with pytest.raises(ConfigError, match="cannot be read in windows"):
        weft.fit("a.csv", "run", settings=config(value="score", encoder="cnn", long="windows"))
    write("b.csv", [f"{row[:-1]}1" for row in ROWS])
    with pytest.raises(InputError, match="all pairs have the score 1"):
        weft.fit("b.csv", "run", settings=config(value="score"))
    assert not Path("run").exists()


def test_a_classifier_of_single_texts_makes_vectors_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("text,label\n" + "".join(f"text {n},a\n文本 {n},b\n" for n in range(20)), encoding="utf-8")
    task = {"encoder": {"kind": "cnn", "width": 8, "maps": 4}}
    model = weft.fit("a.csv", "run", settings={"task": task, "training.epochs": 1, "device": "cpu"})
    vectors = model.embed(["text 1", "文本 2"])
    assert vectors.shape == (2, 12)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    with pytest.raises(InputError, match="text is empty"):
        model.embed(["a", " "])
    bag = weft.fit("a.csv", "bag", settings={"task": {"encoder": "bag"}, "device": "cpu"})
    with pytest.raises(ConfigError, match="makes no vector"):
        bag.embed(["text 1"])
