"""Usual names of the columns of texts, labels and numbers, and how names of columns are shown in messages."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from weft.data.sources import Table

TEXT_NAMES = (
    *("text", "texts", "review", "reviews", "sentence", "content", "comment", "document", "body", "message"),
    *("review_text", "reviewtext", "text_a", "utterance", "query", "question", "headline", "title"),
    *("文本", "内容", "正文", "评论", "评论内容", "句子", "留言", "微博", "弹幕", "标题"),
    *("内文", "內文", "內容", "評論", "評論內容", "標題"),
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
    *("complaint", "transcript", "verbatim", "narrative", "remarks", "utterance", "post", "reviews", "abstract"),
    *("selftext",),
    *("内容", "评论", "正文", "留言", "描述", "內容", "評論", "kommentar", "beschreibung", "commentaire", "comentario"),
    *("理由", "建议", "意见", "反馈", "诉求", "感受", "详情", "笔记", "短信", "原文", "评语", "吐槽"),
)
"""Words in the names of columns of texts, which tell one of several."""
HEADING_WORDS = (
    *("subject", "title", "headline", "heading", "summary", "name", "betreff", "titel", "titre", "asunto", "título"),
    *("标题", "主题", "概要", "摘要", "名称", "標題", "主題", "名稱"),
)
"""Words in the names of columns of short texts that head longer ones."""
REPLY_WORDS = (
    *("reply", "response", "answer", "solution", "resolution", "note", "notes", "internal"),
    *("replies", "responses", "answers"),
    *("回复", "答复", "回覆", "答案", "回答", "解答", "解决", "备注", "处理意见"),
)
"""Words in the names of columns of what was answered to a text."""
LABEL_WORDS = (
    *("label", "class", "category", "type", "reason", "topic", "sentiment", "intent", "kategorie", "labels", "tags"),
    *("emotion", "stance", "polarity", "genre", "tag", "theme", "categories"),
    *("标签", "类别", "分类", "类型", "原因", "標籤", "類別", "分類", "類型", "catégorie", "categoría"),
    *("情感", "情绪", "倾向", "意图", "话题", "种类", "极性", "立场", "类目", "品类", "流派", "体裁"),
)
"""Words in the names of columns of labels, which tell one of several."""
GROUP_WORDS = (
    *("department", "dept", "team", "queue", "mood", "division", "section", "line", "outcome", "disposition"),
    *("verdict", "satisfaction", "satisfied", "attitude", "feeling", "issue", "area", "domain", "group", "decision"),
    *("result", "cause", "spam", "toxic", "recommend", "recommended", "opinion", "segment", "abteilung"),
    *("部门", "科室", "心情", "板块", "版块", "栏目", "频道", "满意", "领域", "结果", "结论", "态度", "队列", "组别"),
    *("业务", "产品线", "专栏", "语气", "严重", "性质", "事由", "部門", "頻道", "欄目"),
)
"""Words in the names of columns by which texts are sorted, where none is one of labels."""
RATING_WORDS = (
    *("rating", "score", "stars", "star", "grade", "overall", "bewertung"),
    *("评分", "星级", "打分", "得分", "分数", "评级", "評分", "星級"),
)
"""Words in the names of columns of ratings."""
BESIDE_WORDS = (
    *("status", "state", "source", "version", "gender", "sex", "age", "region", "country", "city", "location"),
    *("province", "language", "lang", "locale", "platform", "device", "os", "browser", "account", "company", "store"),
    *("shop", "brand", "vendor", "plan", "date", "time", "year", "month", "day", "week", "hour", "count", "number"),
    *("price", "amount", "quantity", "qty", "ip", "url", "link", "email", "phone", "split", "fold", "set"),
    *("ville", "pays", "région", "statut", "stadt", "ort", "land", "ciudad", "país", "estado"),
    *("verified", "helpful", "flag", "votes", "likes", "replies", "retweets", "shares", "views", "thumbs", "duration"),
    *("open", "closed", "anonymous", "currency", "zip", "hotel", "restaurant", "airline", "branch", "size", "color"),
    *("状态", "来源", "性别", "年龄", "地区", "城市", "省", "国家", "语言", "版本", "平台", "设备", "系统", "店铺"),
    *("商家", "品牌", "型号", "年级", "学历", "职业", "时间", "日期", "次数", "人数", "价格", "金额", "编号", "电话"),
    *("邮箱", "门店", "酒店", "点赞", "转发", "收藏", "匿名", "规格", "颜色", "尺码", "数量", "星期"),
)
"""Words in the names of columns of circumstances, which seldom are what is asked."""
PEOPLE_WORDS = (
    *("user", "username", "author", "sender", "nickname", "customer", "client", "agent", "respondent", "owner"),
    *("assignee", "assigned", "reporter", "creator", "rep", "handler", "recipient", "reviewer", "employee"),
    *("manager", "buyer", "seller", "by", "annotator", "operator", "participant", "firstname", "surname", "lastname"),
    *("prénom", "prenom", "vorname", "nachname", "apellido", "apellidos"),
    *("处理人", "负责人", "联系人", "经办人", "受理人", "创建人", "提交人", "发起人", "申请人", "投诉人", "录入人"),
    *("姓名", "昵称", "用户名", "作者", "坐席", "标注员", "审核人", "跟进人", "接待人", "发送人", "发布人"),
)
"""Words in the names of columns of people."""
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
QUESTIONS = (
    ("question", "问题", "提问", "問題", "提問"),
    ("context", "passage", "paragraph", "段落", "文章", "原文", "材料", "上下文", "文段", "篇章"),
)
"""Names of a column of questions, and of one of the passages that they are about."""

LONG_NAME = 60
"""Characters of a name that are shown; few names of columns are longer."""
_MOST_LISTED = 20


def by_name(table: Table, usual: Sequence[str], *, but: Collection[str]) -> str | None:
    """Return the column whose name comes first among the usual ones, in any case of letters."""
    names = {name.strip().casefold(): name for name in reversed(table.columns) if name not in but}
    return next((names[name] for name in usual if name in names), None)


def listed(names: Sequence[str], values: Sequence[str] = ()) -> str:
    """List the first of some names of columns, with a value of each where there are such, and the number of others."""
    said = [f"`{short(name)}`" for name in names[:_MOST_LISTED]]
    shown = ", ".join(f"{name} ({values[place]})" if values else name for place, name in enumerate(said))
    return shown if len(names) <= _MOST_LISTED else f"{shown} and {len(names) - _MOST_LISTED} more"


def short(name: str) -> str:
    """Shorten a name of a column."""
    return name if len(name) <= LONG_NAME else f"{name[:LONG_NAME]}…"
