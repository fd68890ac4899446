"""Western text in cp1252 is read and said; what other encodings may have written is refused as before."""

import pytest

from tests.data.tables import fault, rows, written
from weft.data.formats.western import is_western
from weft.data.sources import open_table

GERMAN = "Freitext;Kategorie;Umsatz €\n„Die Nähte“ sind schön verarbeitet, ab 5 €;Qualität;2,5\n"
FRENCH = "L'hôtel était très propre, le café délicieux.\nÀ éviter : le personnel est désagréable, la forêt à côté.\n"
SPANISH = "¡Qué habitación más pequeña! Mañana será otro día, y no vamos a volver\n"
PORTUGUESE = "As refeições estavam ótimas, mas as instalações não são novas\n"
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy, a pak šel domů\n"
POLISH = "Zażółć gęślą jaźń, pokój był bardzo czysty i cichy\n"
HUNGARIAN = "A szoba tiszta volt, nagyon jó és csendes, köszönjük szépen, gyönyörű\n"
TURKISH = "Oda çok temizdi ama kahvaltı kötüydü, çalışanlar ilgiliydi, teşekkürler\n"
RUSSIAN = "Это очень хороший отель\n"
CHINESE = "这家酒店的服务很好\n"


@pytest.mark.parametrize("text", [GERMAN, FRENCH, SPANISH, PORTUGUESE])
def test_western_text(tmp_path, text):
    path = written(tmp_path, text.encode("cp1252"), "a.txt")
    assert is_western(path)
    table = open_table(path)
    assert (table.encoding, table.remarks[0]) == ("cp1252", "by its letters (another: --encoding NAME)")
    assert "letters" not in str(open_table(path, encoding="cp1252").remarks)


@pytest.mark.parametrize(
    "text",
    [
        "Die Lieferung kam pünktlich, aber die Schuhe waren zu groß.\nSüße Füße und schöne Grüße aus München!\n",
        "text;label\nGröße passt, süß;gut\nÖl läuft aus, Ärger außerdem;schlecht\nÜberraschend gut;gut\n",
        "Elle a créé un compte, réélue à l'unanimité, et la façade a été agréée par la ville\n",
        "El 1º de mayo la 2ª planta estaba vacía, según el dueño. Habitación pequeña y baño sucio\n",
        "O produto n.º 5 chegou com defeito, não consigo trocar: péssimo serviço e má reputação\n",
        "Città bella, però il caffè costa già di più, e così è la vita\n",
        "Maten var god men rummet var smutsigt, så vi åkte därifrån på lördag\n",
        "Værelset var småt, men maden var lækker og prisen på 100 kr. rimelig nok, så vi kommer igen\n",
        "Huoneessa oli siistiä, mutta aamiainen ei ollut kovin hyvä, enkä pysty suosittelemaan tätä enää\n",
    ],
)
def test_letters_that_words_have_in_a_row(tmp_path, text):
    assert open_table(written(tmp_path, text.encode("cp1252"), "a.txt")).encoding == "cp1252"


def test_it_decodes_and_a_named_encoding_overrules(tmp_path):
    path = written(tmp_path, GERMAN.encode("cp1252"), "a.csv")
    assert rows(open_table(path)) == [(2, ("„Die Nähte“ sind schön verarbeitet, ab 5 €", "Qualität", "2,5"))]
    assert open_table(path, encoding="latin-1").columns == ("Freitext", "Kategorie", "Umsatz \x80")


@pytest.mark.parametrize(
    "text",
    [
        "text,label\nWIN a £1000 prize now,spam\nsee you later,ham\n",
        "20 € too much – or 5€ less…\n",
        "It’s a “very” nice room\nthe guests’ bags, don’t ask\n",
        "the café wasn’t open, we couldn’t eat\n",
    ],
)
def test_signs_where_no_letter_can_stand(tmp_path, text):
    assert open_table(written(tmp_path, text.encode("cp1252"), "a.txt")).encoding == "cp1252"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Città di mare, verità e libertà\n", "cp850"),
        ("the river of García, and it rained\n", "mac-roman"),
        ("w Łodzi 5 Łososi\n", "iso8859-2"),
        ("see you at 5ーsharp, OK\n", "shift_jis"),
        ("rooms,好\ngood 5£A,b\n", "gb18030"),
        ("nice room, 很 dirty\n", "big5"),
        (FRENCH, "mac-roman"),
        (FRENCH, "cp850"),
        (CZECH, "cp1250"),
        (POLISH, "cp1250"),
        (HUNGARIAN, "cp1250"),
        ("A szobában nagyon sok időt töltöttünk, a reggeli is finom volt\n", "cp1250"),
        (TURKISH, "cp1254"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        ("방이 더러웠어요, very dirty rooms in this hotel and a rude staff, never again please\n", "euc_kr"),
        ("朝食も美味しかった, breakfast was good and the staff was kind, we will come again\n", "shift_jis"),
        ("plain words\ncafé\n", "cp1252"),
    ],
)
def test_other_encodings_and_too_little_are_refused(tmp_path, text, encoding):
    path = written(tmp_path, text.encode(encoding), "a.txt")
    assert not is_western(path)
    assert "name its encoding: --encoding" in fault(path).hint


def test_chinese_is_read_as_before(tmp_path):
    for text in (CHINESE, "text,label\nplain English text, and more of it,好\n" + CHINESE):
        path = written(tmp_path, text.encode("gb18030"), "a.txt")
        assert not is_western(path)
        assert open_table(path).encoding == "gb18030"


def test_utf8_with_some_damage_is_not_western(tmp_path):
    path = written(tmp_path, FRENCH.encode() + FRENCH.encode("cp1252"), "a.txt")
    assert "two files joined" in fault(path).hint
