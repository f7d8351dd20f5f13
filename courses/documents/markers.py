"""What a line of a Chinese office text is, told by its first and last characters."""

import re
import unicodedata

CJK = r"\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
NUMERAL = r"[一二三四五六七八九十百〇零两]+"

_LEVEL_MARKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("chapter", re.compile(rf"第(?:{NUMERAL}|\d{{1,3}})(?:章|部分|编)(?![{CJK}]{{0,3}}[规所的中])")),
    ("section", re.compile(rf"第(?:{NUMERAL}|\d{{1,3}})节")),
    ("article", re.compile(rf"第(?:{NUMERAL}|\d{{1,3}})条(?!第|规定|的|款|中|、)")),
    ("ordinal", re.compile(rf"第{NUMERAL}[，,、：:]")),
    ("han", re.compile(rf"{NUMERAL}\s*[、．.](?!\d)")),
    ("han_bracket", re.compile(rf"[（(]\s*{NUMERAL}\s*[）)]\s*[、.．]?")),
    ("decimal_deep", re.compile(r"\d{1,2}[.．]\d{1,2}[.．]\d{1,2}(?![\d.．%％])\s*")),
    ("decimal", re.compile(r"\d{1,2}[.．]\d{1,2}(?![\d.．%％万亿米吨元个度倍])\s*")),
    ("digit", re.compile(r"\d{1,2}\s*[、．.](?!\d)\s*")),
    ("digit_bracket", re.compile(r"(?:[（(]\s*\d{1,2}\s*[）)]|\d{1,2}\s*[）)])\s*[、.．]?")),
    ("circle", re.compile(r"[①-⑳㈠-㈩⑴-⒇]")),
)
_BULLET = re.compile(r"[●•·■◆▲★☆※◇□○►➢✓\-*]\s*(?=\S)")
_NUMBER = re.compile(rf"(\d{{1,3}}|{NUMERAL})")
_CASE_HEADING = re.compile(
    r"^[【\[]?(事故(?:基本情况|经过|发生经过|概况|概述|简介|简况|原因|原因分析|教训|性质|处理|责任|后果|类别|救援(?:情况)?|"
    r"单位概况|调查情况|防范措施|原因及性质)|(?:案例|案情)(?:简介|回放|分析|经过|警示|启示)|直接原因|间接原因|主要原因|"
    r"原因分析|(?:事故)?(?:防范|预防|整改|防范和整改|防范及整改)措施|(?:事故)?教训(?:与|和)?(?:启示|反思)?|警示与?启示|"
    r"处理结果|责任追究|暴露(?:出)?的?问题|应吸取的教训)[】\]]?[：:]?$"
)
_BRACKET_HEADING = re.compile(rf"^【[{CJK}A-Za-z0-9、，]{{2,20}}】$")
_DATE = re.compile(
    r"^[（(【\[]?\s*(?:[\d０-９]{4}|[二一][〇○零O一二三四五六七八九]{3})\s*年\s*"
    rf"(?:\d{{1,2}}|{NUMERAL})\s*月(?:\s*(?:\d{{1,2}}|{NUMERAL})\s*日)?\s*[^。，]{{0,12}}[）)】\]]?$"
)
_ADDRESSED = (
    "同志们?|领导|来宾|嘉宾|朋友们?|工友们?|同事们?|职工们?|员工们?|代表们?|委员们?|老师们?|同学们?|女士们?|先生们?|"
    "战友们?|师傅们?|伙伴们?|家人们?|兄弟姐妹们?|专家|评委|乡亲们?|青年们?|各位|大家"
)
_GREETING = rf"(?:尊敬的|敬爱的|亲爱的|各位|同志们|女士们|全体|在座的|{_ADDRESSED})"
_SALUTATION = re.compile(
    rf"^{_GREETING}[^。；;？?\n]{{0,50}}?(?:{_ADDRESSED}|{_ADDRESSED}[^。；，]{{0,10}})?[：:]$"
)
_SALUTATION_BARE = re.compile(
    rf"^(?:尊敬的|敬爱的|亲爱的|各位)?[^。；;：:？?!！]{{0,30}}(?:{_ADDRESSED})(?:[，、,！!][^。；;：:]{{0,20}}(?:{_ADDRESSED}))*[！!，,]?$"
)
_SALUTATION_LEAD = re.compile(
    rf"^((?:尊敬的|敬爱的|亲爱的|各位|全体|在座的)?(?:[^。；;：:？?！!]{{0,40}}?)(?:{_ADDRESSED})[：:])(?=\s*\S)"
)
ENDED = "。！？!?；;：:…"
_CLOSERS = "”’」』》）)】]〉\"'"
CONTINUING = re.compile(
    r"^(?:的(?!确|士|话音)|们|吗(?!啡)|呢(?!绒|喃|子)|吧(?!台|嗒)|[，、。；！？）”’》】」』,;!?%％])"
)
_SPEECH_NAME = re.compile(
    r"(?:讲话|讲话稿|发言|发言稿|致辞|致词|演讲|演讲稿|报告|主持词|动员|规程|规定|办法|制度|通报|案例|事故|倡议书|通知|"
    r"总结|心得|体会|方案|意见|须知|守则|细则|手册|承诺书|决定|要点|提纲)(?:[（(【\[][^）)】\]]{1,20}[）)】\]])?$"
)


def mark_of(text: str) -> tuple[str, str] | None:
    """Return the kind of the mark a line begins with and the mark itself, e.g. ("han", "一、")."""
    for kind, pattern in _LEVEL_MARKS:
        found = pattern.match(text)
        if found:
            return kind, found.group()
    return None


def number_of(mark: str) -> int:
    """Return the number in a mark such as `3.`, `（四）` or `第十二条`; 0 if there is none."""
    found = _NUMBER.search(mark)
    if not found:
        return int(unicodedata.numeric(mark[0], 0)) if mark else 0
    return to_int(found.group(1))


def to_int(numeral: str) -> int:
    """Read `12`, `１２` or `十二` (up to 999)."""
    if numeral.isdecimal():
        return int(numeral)
    digits = dict(zip("〇零一二两三四五六七八九", [0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9], strict=True))
    total = current = 0
    for char in numeral:
        if char in "十百":
            total += (current or 1) * (10 if char == "十" else 100)
            current = 0
        else:
            current = digits[char]
    return total + current


def is_bullet(text: str) -> bool:
    """Whether a line begins with a bullet sign."""
    return bool(_BULLET.match(text)) and not re.match(r"[-*·]\s*\d", text)


def is_case_heading(text: str) -> bool:
    """Whether a line is one of the customary headings of an accident report, or stands in 【】."""
    return bool(_CASE_HEADING.match(text) or _BRACKET_HEADING.match(text))


def is_date_line(text: str) -> bool:
    """Whether a line is a date alone, as below a title or a signature."""
    return bool(_DATE.match(text))


def is_structural(text: str) -> bool:
    """Whether a line begins something new, so that it is never the rest of the line before."""
    return (
        mark_of(text) is not None
        or is_bullet(text)
        or is_case_heading(text)
        or is_date_line(text)
        or is_salutation(text)
    )


def is_salutation(text: str) -> bool:
    """Whether a whole line addresses the audience: `同志们：`, `各位领导、同志们：`, `尊敬的各位来宾，`."""
    if len(text) > 60 or mark_of(text):
        return False
    return bool(_SALUTATION.match(text)) or (len(text) <= 24 and bool(_SALUTATION_BARE.match(text)))


def leading_salutation(text: str) -> str:
    """Return the salutation a paragraph begins with (`同志们：今天…`), or nothing."""
    found = _SALUTATION_LEAD.match(text)
    return found.group(1) if found and is_salutation(found.group(1)) else ""


def is_finished(text: str) -> bool:
    """Whether a line ends as a sentence does."""
    bare = text.rstrip(_CLOSERS)
    return bool(bare) and (bare[-1] in ENDED or (bare != text and bare[-1] in "." + ENDED))


def has_sentence_end_inside(text: str) -> bool:
    """Whether a sentence ends before the line does."""
    return bool(re.search(r"[。；;！？!?](?=.)", text.rstrip(_CLOSERS)))


def is_title_like(text: str) -> bool:
    """Whether a line could be the title of a document."""
    return (
        1 < len(text) <= 60
        and not has_sentence_end_inside(text)
        and (not is_finished(text) or (text[-1] in "！？!?…" and len(text) <= 30))
        and text[-1] not in "，,、"
        and mark_of(text) is None
        and not is_bullet(text)
        and not is_salutation(text)
        and not is_date_line(text)
        and not leading_salutation(text)
        and bool(re.search(rf"[{CJK}A-Za-z]", text))
    )


def names_a_text(text: str) -> bool:
    """Whether a line ends as titles do: 讲话, 规程, 案例."""
    return bool(_SPEECH_NAME.search(text))


def width(text: str) -> int:
    """Return the columns a line takes: 2 for a wide character, 1 for others."""
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in text)
