"""Converts Chinese texts between the simplified and the traditional script, and counts the characters of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from weft.errors import MissingExtra

Script = Literal["simplified", "traditional"]

# The 400 most frequent characters of news, reviews and poems that are written in two ways, one for one: neither
# form stands in texts of the other script (后, 里, 台 or 面 do, so they are left out). At one place, one character.
SIMPLIFIED = (
    "为时国来这会学长无们对风与过还开间说东现动没经书点电体马见从两机处业将应儿门头区样关场进归张乐问员数"
    "气红实语军华题飞尔声赛亚线觉龙阳黄诗鱼称满总远给谁结带楼罗师联难传边节设话离战运该队树务爱欢计达吗类"
    "让产画记选兰独条轻约网买视岁较变认却亲连观号随旧统梦岛园单图听参许双钱汉兴转断闻属调试装绿标终资错则"
    "强宫报写刘质请鸟组级论习专际项办热临湾环争创绝县举细读识尘纪馆犹铁宝费议导决杨领极维乡怀义阴陈谢营戏"
    "职响备桥吴剧虽医惊银词寻陆灵户众圣盘残忆显贵伤妈续礼层状录艺奥积农态隐辞况灯晓载济围丽简镜护凤齐换饭"
    "击规乱评汤镇权颜杂帮渐孙纳异丝欧泪圆凉横脑宾鹤刚奖负侧顾销虚韩赠练卫饮担杀势构讲编荣块锦遗继够协笔缘"
    "证骑严软赵仅频优弹拥谈误阁萨劳遥齿减迟择预验压毕鸣庆萧货诉伦乌顿轮顶鲁织盖鸡诸纸赏蓝渔卖携鲜穷怜邻绕"
    "苍岂险宽败厅阶弃访补购责浅亿莱献测凭贤摇庙课飘郑届顺脚泽莲肠卢训卧韦庄坚灭恋墙摄扬莺赋坏湿纷娇启拟驱"
)
TRADITIONAL = (
    "為時國來這會學長無們對風與過還開間說東現動沒經書點電體馬見從兩機處業將應兒門頭區樣關場進歸張樂問員數"
    "氣紅實語軍華題飛爾聲賽亞線覺龍陽黃詩魚稱滿總遠給誰結帶樓羅師聯難傳邊節設話離戰運該隊樹務愛歡計達嗎類"
    "讓產畫記選蘭獨條輕約網買視歲較變認卻親連觀號隨舊統夢島園單圖聽參許雙錢漢興轉斷聞屬調試裝綠標終資錯則"
    "強宮報寫劉質請鳥組級論習專際項辦熱臨灣環爭創絕縣舉細讀識塵紀館猶鐵寶費議導決楊領極維鄉懷義陰陳謝營戲"
    "職響備橋吳劇雖醫驚銀詞尋陸靈戶眾聖盤殘憶顯貴傷媽續禮層狀錄藝奧積農態隱辭況燈曉載濟圍麗簡鏡護鳳齊換飯"
    "擊規亂評湯鎮權顏雜幫漸孫納異絲歐淚圓涼橫腦賓鶴剛獎負側顧銷虛韓贈練衛飲擔殺勢構講編榮塊錦遺繼夠協筆緣"
    "證騎嚴軟趙僅頻優彈擁談誤閣薩勞遙齒減遲擇預驗壓畢鳴慶蕭貨訴倫烏頓輪頂魯織蓋雞諸紙賞藍漁賣攜鮮窮憐鄰繞"
    "蒼豈險寬敗廳階棄訪補購責淺億萊獻測憑賢搖廟課飄鄭屆順腳澤蓮腸盧訓臥韋莊堅滅戀牆攝揚鶯賦壞溼紛嬌啟擬驅"
)
_SIMPLIFIED, _TRADITIONAL = frozenset(SIMPLIFIED), frozenset(TRADITIONAL)


@dataclass(frozen=True, slots=True)
class ScriptCounts:
    """Number of characters that occur in one script alone, by a table of 400 pairs."""

    simplified: int
    traditional: int

    @property
    def traditional_share(self) -> float:
        """Share of traditional characters among those counted, 0 to 1; 0 if none were counted."""
        return self.traditional / max(1, self.simplified + self.traditional)


def count_scripts(texts: Iterable[str]) -> ScriptCounts:
    """Count the characters that occur in one Chinese script alone.

    Japanese uses some of both and is not recognised as a language of its own.
    """
    simplified = traditional = 0
    for text in texts:
        if not text.isascii():
            simplified += sum(map(_SIMPLIFIED.__contains__, text))
            traditional += sum(map(_TRADITIONAL.__contains__, text))
    return ScriptCounts(simplified, traditional)


def traditional_share(texts: Iterable[str]) -> float:
    """Return the share of traditional characters among those of one script alone, 0 to 1; 0 if there are none."""
    return count_scripts(texts).traditional_share


@cache
def converter(script: Script) -> Callable[[str], str]:
    """Return a function that converts a text to a script with OpenCC's characters and phrases.

    Raises MissingExtra without OpenCC.
    """
    try:
        from opencc import OpenCC
    except ImportError:
        raise MissingExtra("OpenCC", extra="opencc") from None
    # the characters of Taiwan: plain `s2t` writes 爲 and 衆, as few do
    return OpenCC("t2s" if script == "simplified" else "s2tw").convert
