"""Settings: from words, mappings and files to configs and back, and every mistake met with its path."""

from typing import Annotated, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, SerializeAsAny

from weft.config import Config, differences, kind_of, one_of, overridden, read_yaml, to_yaml, validated, write_yaml
from weft.errors import ConfigError, InputError
from weft.run import RunConfig


class Shape(Config):
    kind: str


class Circle(Shape):
    kind: Literal["circle"] = "circle"
    radius: float = Field(default=1.0, gt=0)


class Square(Shape):
    kind: Literal["square"] = "square"
    sides: tuple[int, ...] = (1,)


class Star(Shape):
    """Not among the members: a part from outside the package."""

    kind: Literal["star"] = "star"
    points: int = 5


class Inner(Config):
    rate: float = 0.1
    shape: Annotated[SerializeAsAny[Shape], one_of(Shape, (Circle, Square))] = Circle()


class Settings(Config):
    seed: int = 0
    name: str = "名字"
    note: str | None = None
    inner: Inner = Inner()
    shape: Annotated[SerializeAsAny[Shape], one_of(Shape, (Circle, Square), default=Square)] = Square()


def refused(given, **more):
    """The error for some settings, as a user reads it."""
    with pytest.raises(ConfigError) as caught:
        validated(Settings, given, **more)
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("circle", Circle()),
        ({"kind": "circle", "radius": 2}, Circle(radius=2)),
        (Circle(radius=3), Circle(radius=3)),
        (Star(points=6), Star(points=6)),
        ({}, Square()),
        ({"sides": [3, 4]}, Square(sides=(3, 4))),
    ],
)
def test_one_of_several_kinds(written, made):
    got = validated(Settings, {"shape": written}).shape
    assert got == made
    assert type(got) is type(made)


def test_a_part_from_outside_is_read_when_its_class_is_handed_in():
    given = {"inner": {"shape": {"kind": "star", "points": 7}}}
    assert validated(Settings, given, parts=[Star]).inner.shape == Star(points=7)
    assert validated(Settings, given, parts=[Star, Inner]).inner.shape == Star(points=7)
    assert refused(given) == "inner.shape: there is no kind `star`\nhint: did you mean `square`?"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"shape": "circel"}, "shape: there is no kind `circel`\nhint: did you mean `circle`?"),
        ({"shape": "很好"}, "shape: there is no kind `很好`\nhint: known: `circle`, `square`"),
        ({"shape": {"kind": None}}, "shape: there is no kind `None`"),
        ({"shape": {"kind": ["circle"]}}, "shape: there is no kind `"),
        ({"shape": 5}, "shape: expected a kind, such as `kind: circle`"),
        ({"inner": {"shape": {"radius": 2}}}, "inner.shape: expected a kind, such as `kind: circle`"),
        (
            {"shape": {"kind": "circle", "radios": 2}},
            "shape: there is no setting `radios`\nhint: did you mean `radius`?",
        ),
        ({"shape": {"kind": "circle", "radius": -1}}, "shape.radius: expected greater than 0, found `-1`"),
        ({"inner": {"shape": {"kind": "square", "sides": [1, "b"]}}}, "inner.shape.sides.1: expected a valid integer"),
        ({"sede": 1}, "there is no setting `sede`\nhint: did you mean `seed`?"),
        ({"inner": {"数": 1}}, "inner: there is no setting `数`\nhint: known: `rate`, `shape`"),
        ({"seed": "many"}, "seed: expected a valid integer, found `many`"),
        ({"inner": "fast"}, "inner: "),
        ({1: 2}, "there is no setting `1`"),
    ],
)
def test_a_mistake_is_met_with_its_path(given, said):
    assert refused(given).startswith(said)


def test_a_setting_without_default():
    class Needs(Config):
        size: int

    with pytest.raises(ConfigError, match=r"^size: is not set, and has no default$"):
        validated(Needs, {})


def test_frozen():
    with pytest.raises(ValueError, match="frozen"):
        Settings().seed = 1


def test_kind_of():
    assert [kind_of(part) for part in (Circle, Square, Star)] == ["circle", "square", "star"]


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        ("5", 5),
        ("-1", -1),
        ("0.5", 0.5),
        ("1e-3", 0.001),
        ("[1, 2]", [1, 2]),
        ("{a: 1}", {"a": 1}),
        ("true", True),
        ("no", "no"),
        ("off", "off"),
        ("null", None),
        ("", ""),
        ("'5'", "5"),
        ("很好", "很好"),
        ("a=b", "a=b"),
        ("runs/*.csv", "runs/*.csv"),
        ("*", "*"),
        ("{a", "{a"),
        ("@x", "@x"),
    ],
)
def test_an_override_is_read_as_yaml(value, parsed):
    assert overridden({}, [f"inner.name={value}"]) == {"inner": {"name": parsed}}


def test_overrides_open_bare_kinds_and_what_is_not_there():
    before = {"seed": 1, "inner": {"rate": 0.5, "shape": "circle"}, "note": None}
    after = overridden(before, ["inner.shape.radius=2", "seed=3", "note.deep.er=x", "inner.shape.radius=4"])
    assert after == {
        "seed": 3,
        "inner": {"rate": 0.5, "shape": {"kind": "circle", "radius": 4}},
        "note": {"deep": {"er": "x"}},
    }
    assert before == {"seed": 1, "inner": {"rate": 0.5, "shape": "circle"}, "note": None}


@pytest.mark.parametrize("override", ["seed", "=5", " =5", ""])
def test_an_override_that_sets_nothing(override):
    with pytest.raises(ConfigError, match="sets nothing"):
        overridden({}, [override])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed: 1\nname: [a\n", ":3: is not YAML"),
        ("seed: 1\nseed: 2\n", ":2: is not YAML: found duplicate key"),
        ("a:\n\t- 1\n", ":2: is not YAML"),
        ("a: *b\n", ":1: is not YAML: found undefined alias"),
        ("a: 1\n---\nb: 2\n", ":2: is not YAML"),
        ("a: \x01\n", ": is not YAML"),
        ("- 1\n", ": holds no settings\nhint: write `name: value` lines"),
        ("", ": holds no settings"),
    ],
)
def test_what_is_not_yaml_is_met_with_its_line(tmp_path, text, said):
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_yaml(path)
    assert str(caught.value).startswith(f"{path}{said}")


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        read_yaml(tmp_path / "none.yaml")
    (tmp_path / "gbk.yaml").write_bytes("name: 很好".encode("gbk"))
    for path in (tmp_path, tmp_path / "gbk.yaml"):
        with pytest.raises(InputError, match="cannot be read as UTF-8 text"):
            read_yaml(path)


def test_yaml_is_1_2(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("\ufeffname: no\nnote: on\nseed: 012\ninner: {rate: 1e-3}\n", encoding="utf-8")
    assert read_yaml(path) == {"name": "no", "note": "on", "seed": 12, "inner": {"rate": 0.001}}


@settings(deadline=None)
@given(
    seed=st.integers(),
    name=st.text()
    | st.sampled_from(
        ["no", "null", "~", "1e-3", "5", "2024-01-01", "- a", "a: b", "#", "好" * 99, "\x85", "a\u2028好"]
    ),
    note=st.none() | st.text(),
    rate=st.floats(allow_nan=False, allow_infinity=False),
    shape=st.sampled_from([Circle(radius=0.25), Circle(radius=1e-05), Square(sides=(3, 4)), Square(sides=())]),
)
def test_written_and_read_again_is_the_same(tmp_path_factory, seed, name, note, rate, shape):
    config = Settings(seed=seed, name=name, note=note, inner=Inner(rate=rate, shape=shape), shape=shape)
    path = tmp_path_factory.mktemp("yaml") / "config.yaml"
    write_yaml(config, path)
    assert path.read_bytes().decode() == to_yaml(config)
    assert validated(Settings, read_yaml(path)) == config


def test_differences():
    one = Settings().model_dump(mode="json")
    other = Settings(seed=1, inner=Inner(shape=Circle(radius=2))).model_dump(mode="json")
    assert differences(one, one) == []
    assert differences(one, other) == ["inner.shape.radius: was 1.0, is 2.0", "seed: was 0, is 1"]
    assert differences({"a": {"b": 1}}, {"a": 1, "c": "三"}) == ["a: was {'b': 1}, is 1", "c: was not set, is 三"]
    square = Settings(shape=Circle()).model_dump(mode="json")
    assert differences(one, square) == ["shape: was square, is circle"]


def test_what_is_made_by_hand_is_refused_as_what_is_read():
    for make, said in (
        (lambda: Circle(radius=0), "Circle.radius: expected greater than 0, found `0`"),
        (lambda: Settings(inner={"rate": "快"}), "Settings.inner.rate: expected a valid number, found `快`"),
        (lambda: Settings(sede=1), "Settings: there is no setting `sede`\nhint: did you mean `seed`?"),
    ):
        with pytest.raises(ConfigError) as caught:
            make()
        assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("override", "hint"),
    [
        ("training.lr=0.1", "did you mean `optimizer.learning_rate`?"),
        ("training.batch_size=8", "did you mean `batch_rows`?"),
        ("task.encoder.hidden_size=8", "did you mean `width`?"),
        ("epochs=3", "did you mean `training.epochs`?"),
        ("learning_rate=3", "did you mean `training.optimizer.learning_rate`?"),
        ("task.encoder=bert-base-chinese", "a pre-trained model is written pretrained:hub:bert-base-chinese, or"),
    ],
)
def test_names_of_other_toolkits_are_known(override, hint):
    settings = overridden({"data": {"train": "评论.csv"}}, [override])
    with pytest.raises(ConfigError) as caught:
        validated(RunConfig, settings)
    assert caught.value.hint.startswith(hint)
