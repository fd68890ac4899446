import json

from weft.demo.likeness import demo_pairs, demo_texts, write
from weft.text.segment import han_share


def test_the_same_seed_makes_the_same_pairs_in_both_languages(tmp_path):
    made = demo_pairs(200, seed=1)
    assert made == demo_pairs(200, seed=1)
    assert made != demo_pairs(200, seed=2)
    assert {one.score for one in made} == {0.0, 2.0, 5.0}
    shares = [han_share([one.text]) for one in made]
    assert min(shares) == 0
    assert max(shares) > 0.8
    assert all((han_share([one.text]) > 0.5) == (han_share([one.second]) > 0.5) for one in made)
    assert {one.text for one in made} <= set(demo_texts())
    write(tmp_path / "pairs.jsonl", made)
    rows = [json.loads(line) for line in (tmp_path / "pairs.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["score"] for row in rows] == [one.score for one in made]
