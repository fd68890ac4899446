"""Usual names of the columns of texts, labels and numbers, and how names of columns are shown in messages."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from weft.data.sources import Table

TEXT_NAMES = (
    *("text", "texts", "review", "reviews", "sentence", "content", "comment", "document", "body", "message"),
    *("review_text", "reviewtext", "text_a", "utterance", "query", "question", "headline", "title"),
    *("文本", "内容", "正文", "评论", "评论内容", "句子", "留言", "微博", "弹幕", "标题"),
    *("內容", "評論", "評論內容", "標題"),
    *("freitext", "kommentar", "rezension", "nachricht", "texte", "commentaire", "avis"),
    *("texto", "comentario", "reseña", "mensaje"),
)
LABEL_NAMES = (
    *("label", "labels", "class", "category", "sentiment", "target", "polarity", "intent", "topic", "label_desc"),
    *("标签", "类别", "分类", "情感", "情感倾向", "类型", "標籤", "類別", "分類"),
    *("kategorie", "klasse", "thema", "stimmung", "catégorie", "classe", "étiquette"),
    *("categoría", "categoria", "clase", "etiqueta", "sentimiento"),
)
TEXT_WORDS = (
    *("text", "comment", "comments", "review", "body", "message", "tweet", "description", "content", "feedback"),
    *("内容", "评论", "正文", "留言", "描述", "內容", "評論", "kommentar", "beschreibung", "commentaire", "comentario"),
)
"""Words in the names of columns of texts, which tell one of several."""
HEADING_WORDS = (
    *("subject", "title", "headline", "heading", "summary", "name", "betreff", "titel", "titre", "asunto", "título"),
    *("标题", "主题", "概要", "摘要", "名称", "標題", "主題", "名稱"),
)
"""Words in the names of columns of short texts that head longer ones."""
LABEL_WORDS = (
    *("label", "class", "category", "type", "reason", "topic", "sentiment", "intent", "kategorie"),
    *("标签", "类别", "分类", "类型", "原因", "標籤", "類別", "分類", "類型", "catégorie", "categoría"),
)
"""Words in the names of columns of labels, which tell one of several."""
VALUE_NAMES = (
    *("value", "score", "rating", "price", "stars", "target", "y", "grade", "amount"),
    *("数值", "分数", "评分", "得分", "价格", "金额", "星级", "數值", "分數", "評分", "價格", "金額", "星級"),
)
"""Names of a column of numbers that are to be predicted."""
PAIRS = (
    *(("text_a", "text_b"), ("text1", "text2"), ("sentence1", "sentence2"), ("question1", "question2")),
    *(("premise", "hypothesis"), ("句子1", "句子2")),
)
"""Names of two columns that are read together."""
QUESTIONS = ("question", "问题", "問題"), ("context", "passage", "段落", "文章", "原文", "材料")
"""Names of a column of questions, and of one of the passages that they are about."""

LONG_NAME = 60
"""Characters of a name that are shown; few names of columns are longer."""
_MOST_LISTED = 20


def by_name(table: Table, usual: Sequence[str], *, but: Collection[str]) -> str | None:
    """Return the column whose name comes first among the usual ones, in any case of letters."""
    names = {name.strip().casefold(): name for name in reversed(table.columns) if name not in but}
    return next((names[name] for name in usual if name in names), None)


def listed(names: Sequence[str]) -> str:
    """List the first of some names of columns, and the number of the others."""
    shown = ", ".join(f"`{short(name)}`" for name in names[:_MOST_LISTED])
    return shown if len(names) <= _MOST_LISTED else f"{shown} and {len(names) - _MOST_LISTED} more"


def short(name: str) -> str:
    """Shorten a name of a column."""
    return name if len(name) <= LONG_NAME else f"{name[:LONG_NAME]}…"
