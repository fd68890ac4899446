from weft.data.examples.tagged import found_reading, tagged_of
from weft.data.sources import open_table
from weft.demo.names import demo_names, write


def test_spans_are_names_in_both_languages():
    made = demo_names(100)
    names = {one.text[span.start : span.end] for one in made for span in one.spans}
    assert {span.label for one in made for span in one.spans} == {"PER", "LOC", "ORG"}
    assert {"Oslo", "北京"} <= names
    assert all(name.strip() == name and name for name in names)
    assert any(not one.spans for one in made)


def test_the_same_seed_makes_the_same_texts():
    assert demo_names(20, seed=3) == demo_names(20, seed=3) != demo_names(20, seed=4)


def test_they_are_read_as_they_were_written(tmp_path):
    made = demo_names(20)
    write(tmp_path / "names.jsonl", made)
    table, columns = open_table(tmp_path / "names.jsonl"), {"text": "text", "tags": "spans"}
    reading = found_reading(table, **columns, form=None, scheme=None, unit=None)
    assert reading.form == "spans"
    assert list(tagged_of(table, **columns, reading=reading)) == made
