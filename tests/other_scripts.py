"""Small labelled texts of our own in Japanese, Thai, Khmer and Korean: each says how good a thing is."""

from itertools import product

SENTENCES = {
    "ja": (
        "{thing}は{much}{how}です。",
        ["この映画", "新しいカメラ", "昨日のホテル", "あのレストラン", "駅前のコーヒー", "友達のおみやげ"],
        ["とても", "本当に", "かなり", ""],
        {"good": ["すばらしい", "おもしろい", "おいしい"], "bad": ["つまらない", "ひどい", "まずい"]},
    ),
    "th": (
        "{thing}{how}{much}",
        ["ภาพยนตร์เรื่องนี้", "กล้องถ่ายรูปตัวใหม่", "โรงแรมที่พักเมื่อวาน", "ร้านอาหารข้างบ้าน", "กาแฟหน้าสถานี", "หนังสือของเพื่อน"],
        ["มาก", "จริงๆ", "ทีเดียว", ""],
        {"good": ["สนุก", "ยอดเยี่ยม", "น่าประทับใจ"], "bad": ["น่าเบื่อ", "แย่", "ไม่คุ้มค่า"]},
    ),
    "km": (
        "{thing}{how}{much}។",
        ["ភាពយន្តនេះ", "កាមេរ៉ាថ្មី", "សណ្ឋាគារម្សិលមិញ", "ភោជនីយដ្ឋាននោះ", "កាហ្វេនៅស្ថានីយ៍", "សៀវភៅរបស់មិត្ត"],
        ["ណាស់", "មែនទែន", "ខ្លាំង", ""],
        {"good": ["ល្អ", "អស្ចារ្យ", "សប្បាយ"], "bad": ["អាក្រក់", "គួរឱ្យធុញ", "ថោកទាប"]},
    ),
    "ko": (
        "{thing} {much} {how}.",
        ["이 영화는", "새 카메라가", "어제 묵은 호텔은", "그 식당이", "역 앞 커피는", "친구의 책은"],
        ["정말", "아주", "꽤", "참"],
        {"good": ["훌륭했습니다", "재미있었어요", "맛있었다"], "bad": ["지루했습니다", "끔찍했어요", "형편없었다"]},
    ),
}


def labelled(language: str) -> list[tuple[str, str]]:
    """Return every sentence of a language with its label, in an order that mixes both."""
    form, things, degrees, words = SENTENCES[language]
    hows = [(how, label) for pair in zip(*words.values(), strict=True) for how, label in zip(pair, words, strict=True)]
    return [
        (" ".join(form.format(thing=thing, much=much, how=how).split()), label)
        for thing, much, (how, label) in product(things, degrees, hows)
    ]


def texts(language: str) -> list[str]:
    """Return the sentences alone."""
    return [text for text, _ in labelled(language)]
