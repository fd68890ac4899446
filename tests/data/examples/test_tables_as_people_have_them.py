"""Columns of exports of forms, desks and shops are found by evidence: the clear is taken, doubt names ways out."""

import csv
import json
import zipfile

import pytest

from weft.data.examples.header_row import must_exist
from weft.data.examples.label_evidence import Rank, label_candidates, other_labels
from weft.data.examples.roles import LABEL, TEXT, ColumnsUnclear, find_roles
from weft.data.examples.several_labels import columns_of_lists
from weft.data.sources import open_table
from weft.dataset import DataConfig, read, read_whole
from weft.errors import InputError
from weft.tasks.choices import implied
from weft.tasks.classification import ClassificationConfig
from weft.tasks.multilabel import MultilabelConfig
from weft.tasks.seq2seq import Seq2SeqConfig

COUNT = 24
LONG = [f"The courier left parcel {n} next door, 快递第{n}天才到，箱子也坏了" for n in range(COUNT)]
SHORT = [f"Parcel {n} 包裹晚到" for n in range(COUNT)]
DATES = [f"2025-03-{n % 28 + 1:02d} 10:00:00" for n in range(COUNT)]


def few(*values):
    return [values[n % len(values)] for n in range(COUNT)]


def table_of(folder, **columns):
    path = folder / "export.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[*columns], *zip(*columns.values(), strict=True)])
    return open_table(path)


def found(table):
    roles = find_roles(table, (TEXT, LABEL), named={})
    return roles["text"][0], roles["label"][0]


@pytest.mark.parametrize(
    ("text", "label", "columns"),
    [
        ("Feedback", "Department", {"Ref": range(COUNT), "Customer": few("Omar", "Lea"), "Department": few("A", "B")}),
        ("message", "mood", {"channel": few("#a", "#b"), "user": few(*"uvw"), "ts": DATES, "mood": few(":)", ":(")}),
        ("message", "queue", {"queue": few(0, 1, 2), "customer_age": few(*range(20, 31))}),
        ("content", "score", {"title": SHORT, "score": few(*range(1, 6)), "thumbsUpCount": few(0, 1, 7)}),
        ("评论内容", "评分", {"店铺": few("甲", "乙"), "评分": few("1.0", "5.0"), "口味": few(1, 5)}),
        (
            "3、请写出您的理由",
            "2、您对本次服务是否满意？",
            {
                "来源": few("微信", "网页"),
                "来自IP": [f"10.0.0.{n}(广东-深圳)" for n in range(COUNT)],
                "1、您的性别是？": few("男", "女"),
                "2、您对本次服务是否满意？": few("满意", "一般", "不满意"),
            },
        ),
        ("诉求内容", "诉求分类", {"来电人": few("张", "李"), "诉求分类": few("噪音", "停车"), "单位": few("甲", "乙")}),
        ("Description", "Type", {"Subject": SHORT, "Type": few("a", "b"), "Priority": few("Low", "High")}),
        ("article", "desk", {"title": SHORT, "desk": few("sport", "体育")}),
        ("words", "answer", {"label": few("SPAM"), "answer": few("accept", "reject")}),
    ],
)  # fmt: skip
def test_the_clear_column_is_taken(tmp_path, text, label, columns):
    assert found(table_of(tmp_path, **columns, **{text: LONG})) == (text, label)


def test_the_choice_among_several_columns_is_said(tmp_path):
    table = table_of(tmp_path, 渠道=few("电话", "微信"), 处理部门=few("物流", "售后"), 留言=LONG)
    assert other_labels(table, "处理部门", texts=["留言"]) == [
        "`处理部门` is the likeliest label; `渠道` (2 values) may be one too: --label 渠道"
    ]
    plain = table_of(tmp_path, label=few("a", "b"), version=few("1.0", "1.1"), text=LONG)
    assert other_labels(plain, "label", texts=["text"]) == []


def test_doubt_names_the_likely_columns(tmp_path):
    table = table_of(tmp_path, alpha=few("a", "b"), 贝塔=few(*"uvw"), owner=few("x", "y"), words=LONG)
    with pytest.raises(ColumnsUnclear, match="which column is the label among") as refused:
        found(table)
    assert refused.value.hint == "pass --label alpha (2 values) or --label 贝塔 (3 values)"
    assert refused.value.suggests


def test_people_dates_constants_and_counts_are_last():
    samples = {
        "Case Owner": few("Ann", "Tom"),
        "source": few("web", "app"),
        "topic": few("a", "b"),
        "foo": few("x", "y"),
        "constant": few("1"),
        "date": few("2025-01-01", "2025-01-02"),
    }
    ranked = [(one.name, one.rank) for one in label_candidates([*samples], samples)]
    assert ranked == [
        ("topic", Rank.LABEL),
        ("foo", Rank.PLAIN),
        ("source", Rank.BESIDE),
        ("Case Owner", Rank.PEOPLE),
    ]


def test_a_separator_tells_the_column_of_labels(tmp_path):
    table = table_of(tmp_path, Date=DATES, Comment=LONG, Tags=few("a;b", "b", "a;c"), Agent=few("Lea Roux", "Tom Hill"))
    config = MultilabelConfig(label_separator=";").resolved(table)
    assert (config.text, config.label) == ("Comment", "Tags")


def as_json(folder, value):
    path = folder / "export.json"
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return open_table(path)


def test_fields_inside_objects_are_candidates_too(tmp_path):
    page = (
        {"title": SHORT[n], "body": LONG[n], "channel": "体财"[n % 2], "author": "王李"[n % 2]} for n in range(COUNT)
    )
    pages = [{"url": f"https://x.cn/{n}", "page": one} for n, one in enumerate(page)]
    assert found(as_json(tmp_path, pages)) == ("page.body", "page.channel")


def test_rows_under_keys_and_labels_under_texts(tmp_path):
    keyed = as_json(tmp_path, {f"t{n}": {"body": LONG[n], "category": "甲乙"[n % 2]} for n in range(COUNT)})
    assert keyed.columns == ("key", "body", "category")
    assert found(keyed) == ("body", "category")
    labels = as_json(tmp_path, {text: "ab"[n % 2] for n, text in enumerate(LONG)})
    assert [tuple(row.values.values()) for row in labels] == [(text, "ab"[n % 2]) for n, text in enumerate(LONG)]


def test_choices_of_label_studio(tmp_path):
    tasks = [
        {
            "id": n,
            "data": {"text": LONG[n]},
            "annotations": [
                {"was_cancelled": True, "result": []},
                {"result": [{"from_name": "kind", "value": {"choices": ["甲乙"[n % 2]]}}]},
            ],
        }
        for n in range(COUNT)
    ]
    assert found(as_json(tmp_path, tasks)) == ("data.text", "kind")


def test_labels_that_are_objects_are_read_by_their_names(tmp_path):
    kinds = [{"id": str(n % 2), "name": "缺陷 bug" if n % 2 else "wish"} for n in range(COUNT)]
    issues = [{"title": "t", "body": LONG[n], "labels": [kinds[n]] * (n % 3 > 0)} for n in range(COUNT)]
    table = as_json(tmp_path, issues)
    assert MultilabelConfig.fits(table, label=None)
    examples = list(MultilabelConfig().resolved(table).read(table))
    assert [one.label for one in examples] == [(kinds[n]["name"],) * (n % 3 > 0) for n in range(COUNT)]
    assert found(as_json(tmp_path, [{"body": LONG[n], "labels": kinds[n]} for n in range(COUNT)])) == (
        "body",
        "labels.name",
    )
    jira = [{"fields": {"body": LONG[n], "status": kinds[n], "user": {"name": "ab"[n % 2]}}} for n in range(COUNT)]
    assert found(as_json(tmp_path, jira)) == ("fields.body", "fields.status.name")
    with pytest.raises(InputError, match="holds objects") as refused:
        ClassificationConfig(label="fields.status").resolved(as_json(tmp_path, jira))
    assert "--label fields.status.name" in refused.value.hint


def test_the_rows_of_names_that_qualtrics_writes(tmp_path):
    heads = ["Please tell us why", '{"ImportId":"QID2_TEXT"}'], ["How do you feel?", '{"ImportId":"QID1"}']
    table = table_of(tmp_path, Q2_TEXT=[*heads[0], *LONG], Q1=[*heads[1], *few("好", "bad")])
    assert found(table) == ("Please tell us why", "How do you feel?")
    assert [row.line for row in table] == [*range(4, COUNT + 4)]
    assert "lines 2 and 3 read as names of columns, too" in table.remarks


@pytest.mark.parametrize(
    ("text", "label", "columns"),
    [
        ("Commentaire", "Note", {"Prénom": few("Léa", "Omar"), "Ville": few("Lyon", "Nîmes"), "Note": few(1, 4, 5)}),
        (
            "弹幕",
            "标注",
            {"出现时间": range(COUNT), "模式": few(1, 4, 5), "标注": few("吐槽", "提问"), "标注员": few(*"ab")},
        ),
        (
            "內文",
            "看板",
            {
                "標題": SHORT,
                "發文時間": few(*(f"Tue Jun {n} 19:07:00 2024" for n in range(10, 30))),
                "看板": few(*"ab"),
            },
        ),
        (
            "Comment",
            "How satisfied are you?",
            {"Which group are you in?": few(*"abc"), "How satisfied are you?": few("a", "b")},
        ),
    ],
)
def test_words_for_opinions_and_annotations_go_before_circumstances(tmp_path, text, label, columns):
    assert found(table_of(tmp_path, **columns, **{text: LONG})) == (text, label)


@pytest.mark.parametrize(
    "names", [("Question", "Answer"), ("问题", "答案"), ("English", "中文"), ("Deutsch", "Français"), ("zh-CN", "en")]
)
def test_a_pair_by_its_names_is_taken_alone_and_the_first_hint_beside_texts(tmp_path, names):
    table_of(tmp_path, **{"No.": range(COUNT), names[0]: LONG, names[1]: [f"{one} 答" for one in LONG]})
    data = DataConfig(train=str(tmp_path / "export.csv"))
    assert implied((), table=open_table(data.train)) is Seq2SeqConfig
    task = read_whole(data, Seq2SeqConfig()).task
    assert (task.source, task.target) == names
    table_of(tmp_path, **{names[0]: LONG, names[1]: [f"{one} 答" for one in LONG], "body": SHORT})
    assert implied((), table=open_table(data.train)) is not Seq2SeqConfig
    with pytest.raises(InputError) as error:
        read_whole(data, ClassificationConfig())
    assert error.value.hint.startswith(f"pass --source {names[0]} --target {names[1]} to learn one from the other")


def test_fields_of_one_name_are_told_apart_by_their_objects(tmp_path):
    entries = [
        {
            "content": {"label": LONG[n]},
            "title": {"label": ["Super", "很好"][n % 2]},
            "im:version": {"label": ["7.1", "7.2"][n % 2]},
            "im:rating": {"label": str(n % 4 + 1)},
        }
        for n in range(COUNT)
    ]
    path = tmp_path / "reviews.json"
    path.write_text(json.dumps({"feed": {"entry": entries}}), encoding="utf-8")
    assert found(open_table(path)) == ("content.label", "im:rating.label")


def test_a_path_that_holds_the_label_is_no_text(tmp_path):
    rows = [
        {
            "topic line": ("New pots", "新锅")[n % 2],
            "selftext": "",
            "subreddit": sub,
            "permalink": f"/r/{sub}/comments/{n}x",
        }
        for n, sub in enumerate(("cooking", "travel", "music") * 8)
    ]
    path = tmp_path / "posts.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(InputError):
        find_roles(open_table(path), (TEXT, LABEL), named={"label": "subreddit"})


def test_a_zip_has_the_form_of_the_one_file_in_it(tmp_path):
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("评论.csv", "text,label\ngood,a\n很好,b\n")
    table = open_table(tmp_path / "archive.zip")
    assert (table.form, [dict(row.values) for row in table]) == (
        "csv",
        [{"text": "good", "label": "a"}, {"text": "很好", "label": "b"}],
    )


def test_a_test_file_without_labels_is_told_with_the_columns_that_were_named(tmp_path):
    (tmp_path / "train.tsv").write_text("q\tr\tsame\n" + "how old\t多大\t1\nwhere\t哪里\t0\n" * 20, encoding="utf-8")
    (tmp_path / "test.tsv").write_text("q\tr\nwhen\t何时\n", encoding="utf-8")
    data = DataConfig(train=str(tmp_path / "train.tsv"), test=str(tmp_path / "test.tsv"))
    with pytest.raises(InputError) as error:
        read(data, ClassificationConfig(text="q,r", label="same"), seed=0)
    assert f"weft train {tmp_path}/train.tsv --text q,r --label same, and then" in error.value.hint


def test_texts_that_come_again_are_offered_and_persons_are_not(tmp_path):
    table = table_of(
        tmp_path,
        编号=[f"d{n}ab4f0{n % 10}e" for n in range(COUNT)],
        motivo=few("La habitación estaba sucia y fría.", "房间不干净，也很冷，不会再来了。"),
        诉求人=few("王先生", "李女士", "张先生"),
        方面=few("甲", "乙", "丙"),
        来电者=few("王先生", "李女士", "张先生"),
    )
    with pytest.raises(ColumnsUnclear) as refused:
        find_roles(table, (TEXT, LABEL), named={"label": "方面"})
    assert refused.value.hint == "pass --text motivo"
    assert other_labels(table, "方面", texts=["motivo"]) == []


def test_a_number_for_a_column_and_unknown_tags_are_met_with_a_name(tmp_path):
    path = tmp_path / "a.conllu"
    path.write_text("1\t好\t_\tADJ\tA\t_\t0\troot\t_\t_\n\n", encoding="utf-8")
    for name, hint in (("4", "columns go by their names: --tags upos"), ("ner", "pass --tags upos or --tags xpos")):
        with pytest.raises(InputError, match="there is no column") as refused:
            must_exist(open_table(path), name, named={"tags": name})
        assert refused.value.hint == hint
    with pytest.raises(InputError) as refused:
        must_exist(table_of(tmp_path, **{"Ref no": range(COUNT), "评论": LONG}), "1", named={"text": "1"})
    assert refused.value.hint == 'columns go by their names: --text "Ref no"'


def test_usual_names_over_blanks_give_way(tmp_path):
    table = table_of(
        tmp_path,
        Summary=SHORT,
        **{"Issue Type": few("Bug", "故障")},
        Created=few("04/Mar/24 10:01 AM", "05/Mar/24 9:01 PM"),
        Labels=few("ui", "", "api"),
        Description=LONG,
        Comment=few("", "ok, I will look", "好的"),
    )
    assert found(table) == ("Description", "Issue Type")


def test_rows_of_one_object_and_one_object_of_several_lines(tmp_path):
    assert found(
        as_json(tmp_path, [{"tweet": {"full_text": LONG[n], "lang": ["en", "中"][n % 2]}} for n in range(COUNT)])
    ) == (
        "tweet.full_text",
        "tweet.lang",
    )
    path = tmp_path / "one.json"
    path.write_text(json.dumps({"text": "好的", "of": {"a": "b c"}}, indent=1), encoding="utf-8")
    assert [dict(row.values) for row in open_table(path)] == [{"text": "好的"}]
    desk = {"type": "list", "conversations": [{"id": n, "body": LONG[n], "state": "ab"[n % 2]} for n in range(COUNT)]}
    assert found(as_json(tmp_path, desk)) == ("body", "state")


def test_two_columns_of_texts_are_offered_as_a_pair(tmp_path):
    table_of(tmp_path, links=LONG, rechts=[f"{one} 译" for one in LONG])
    with pytest.raises(InputError) as refused:
        read_whole(DataConfig(train=str(tmp_path / "export.csv")), ClassificationConfig())
    assert refused.value.hint.startswith("pass --source links --target rechts")


@pytest.mark.parametrize(
    "values",
    [
        [f"113.44.{n}.7(广东-深圳)" for n in range(COUNT)],
        [f"+49 (30) 5556 {n:04d}" for n in range(COUNT)],
        [f"ada.{n}@example.org" for n in range(COUNT)],
        [f"{n} 小时 {n}分钟 30 秒" for n in range(COUNT)],
        [f"qwXz_{n}-token-of-a-user" for n in range(COUNT)],
        [f"1ad03e2b8982{n:04d}" for n in range(COUNT)],
    ],
)
def test_what_identifies_is_no_text_beside_sentences_that_come_again(tmp_path, values):
    words = few("流程复杂，跑了三趟，希望改进", "Very kind staff, and no queue at all", "停车不太方便，谢谢")
    columns = {"来自": values, "满意度": few("满意", "不满意"), "3、请说说您的理由或建议": words}
    assert found(table_of(tmp_path, **columns)) == ("3、请说说您的理由或建议", "满意度")


def test_an_answer_that_was_not_given_is_blank(tmp_path):
    rows = [["理由", "满意度"], ["服务很好 very kind", "好"], ["(空)", "好"], ["(跳过)", "差"], ["不是(空)", "差"]]
    (tmp_path / "a.csv").write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    for name in ("a.csv", "a.xlsx"):
        assert [row.values["理由"] for row in open_table(tmp_path / name)] == ["服务很好 very kind", "", "", "不是(空)"]


def test_lists_of_votes_are_no_labels_beside_a_rating(tmp_path):
    path = tmp_path / "reviews.json"
    rows = [
        {"helpful": [n % 3, 3], "reviewText": text, "overall": 1.0 + n % 5, "亮点": ["音质", "做工"][: 1 + n % 2]}
        for n, text in enumerate(LONG)
    ]
    votes = [{name: row[name] for name in ("helpful", "reviewText", "overall")} for row in rows]
    for own, several in ((rows, ("亮点",)), (votes, ()), ([{**row, "overall": 1.0} for row in votes], ("helpful",))):
        path.write_text("".join(json.dumps(row) + "\n" for row in own), encoding="utf-8")
        assert columns_of_lists(open_table(path)) == several
