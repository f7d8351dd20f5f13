"""What sharing sites write around a text: addresses, counters, thanks for downloading, advertisements."""

import re
from collections.abc import Sequence
from dataclasses import replace

from courses.documents.markers import CJK
from courses.documents.shapes import RepairLog, SourceLine

LONGEST_LINE = 120  # characters; what is longer is prose, whatever words it uses
_STAMP = r"\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?"
_URL = r"(?:https?://|www\.)[A-Za-z0-9][\w./?=&%#:~+-]*"
_TEXTS = (
    "范文|文章|文档|资料|文库|素材|课件|讲话稿?|发言稿?|演讲稿?|作文|公文|文秘|模板|内容|精彩|相关|资讯|信息"
)

# Each is the whole of a line.
_LINES = re.compile(
    "|".join(
        (
            rf"[（(【\[]?\s*(?:网址|网站|官网|地址|链接|出处|来源)?\s*[：:]?\s*{_URL}\s*[）)】\]]?",
            rf"[^。！？]{{0,30}}{_URL}[^。！？]{{0,20}}",
            r"[（(【\[]?\s*(?:本文|文章|资料|信息|内容|文档|稿件|文字|新闻|图片)?(?:来源|出处|来自|转自|摘自|转载自)(?:于)?\s*[：:].{0,50}",
            r"(?:本文|文章|资料|文档)(?:来源于|来自于?|转自|摘自|转载自).{1,40}",
            rf"(?:发布|更新|发表|上传|发稿|录入|收录|添加|整理|编辑)(?:时间|日期|于)\s*[：:]?\s*(?:{_STAMP}.{{0,60}}|\S{{1,12}})",
            rf"(?:时间|日期)\s*[：:]\s*{_STAMP}\s*\d{{1,2}}:\d{{2}}(?::\d{{2}})?.{{0,60}}",
            rf"(?:时间|日期)\s*[：:]\s*{_STAMP}.{{0,20}}(?:作者|来源|编辑|阅读|浏览|点击|本文).{{0,40}}",
            r".{0,40}(?:浏览(?:次数|量|数)?|点击(?:次数|量|数)|阅读(?:次数|量|数)|查看(?:次数|人数)|访问量|下载(?:次数|量|积分)|人气)\s*[：:]\s*\d*.{0,30}",
            r"(?:作者|编辑|撰稿人?|投稿人?|上传者|整理人?|责任编辑|责编)\s*[：:]\s*(?:佚名|未知|匿名|网络|admin|管理员|小编|会员上传|互联网|本站|\w*网).{0,40}",
            r"(?:作者|编辑)\s*[：:].{0,20}(?:来源|点击|阅读|时间|更新|发布).{0,60}",
            r"(?:责任编辑|责编)\s*[：:].{0,12}",
            r"(?:您|你)?(?:的|现在的)?当前(?:的)?位置\s*[：:].{0,100}|(?:您|你)(?:现在)?的位置(?:是)?\s*[：:].{0,100}",
            r"(?:网站)?首页\s*[>＞»›→/|].{0,100}",
            r"(?:上一[篇页]|下一[篇页])(?:文章)?\s*[：:].{0,60}|上一[篇页]|下一[篇页]|返回(?:顶部|首页|列表|目录)",
            r"(?:【?\s*)?(?:打印(?:本页|此页|文章)?|关闭窗口|加入收藏|收藏本文|我要投稿|推荐给好友|复制本文链接)(?:\s*[】|｜、 ].{0,40})?",
            r"分享(?:到|至|给)\s*[：:]?.{0,30}|.{0,4}字\s*(?:体|号)\s*[：:]\s*[【\[]?\s*大.{0,12}",
            rf"(?:>+\s*)?(?:更多|查看更多|点击查看更多|浏览更多|阅读更多)(?:的|关于|有关)?.{{0,24}}(?:{_TEXTS}|请(?:访问|关注|点击|搜索|登录|继续)).{{0,30}}",
            r"[★☆*]*\s*欢迎(?:您|你|大家|各位|广大)?(?:用户|读者|网友)?(?:的)?(?:免费)?(?:下载|阅读|浏览|收藏|访问|参阅|借鉴|参考|转载|关注|使用|来到).{0,40}",
            r"[（(【\[]?(?:点击|立即|免费|请|可)?(?:此处)?下载(?:本文|文档|地址|全文|后|链接|word|资料|原文|说明|提示).{0,50}",
            rf".{{0,12}}(?:{_TEXTS}).{{0,6}}(?:免费)?下载(?:网|站|地址|中心|链接)?.{{0,20}}",
            r"(?:本文|本篇|该文|本资料|本文档|文档|以上内容|文章)(?:由|系).{1,40}(?:整理|提供|收集|上传|编辑|发布|分享|撰写|原创|搜集)(?!的).{0,30}",
            r"《?.{1,60}》?由(?:会员|用户|网友).{0,20}(?:分享|上传|提供).{0,60}",
            r"[^。！？]{0,40}(?:小编|本站|我们?网站?|编者)[^。！？]{0,20}(?:整理|收集|推荐|分享|搜集|精心|准备|带来|介绍)[^。！？]{0,70}",
            r"[^。！？]{0,10}(?:预览(?:已)?结束|免费获取全文|定制代笔|联系老师|请先登录|会员注册|下载该文章|我要投稿)[^。！？]{0,50}",
            r"(?:返回|附件列表|.{0,8}导航|更多>*|目录导航)|[-=*_~.>＞|｜—·\s]{1,60}",
            r"(?:作者|编辑)\s*[：:].{0,12}\d{4}-\d{1,2}-\d{1,2}.{0,20}|\d{1,2}-\d{1,2}\s.{0,10}(?:网|库|素材)",
            rf"(?:以下|下面|以上|上面|上述)(?:就|便)?(?:是|为).{{0,40}}(?:整理|收集|分享|带来)(?:的|了).{{0,50}}|(?:以上|上面)就是.{{0,40}}(?:全部内容|{_TEXTS}).{{0,40}}",
            r"(?:以上|本文|希望(?:以上|本文|上述)|希望(?:能)?对(?:您|你|大家)(?:能)?(?:有所|有)).{0,30}(?:帮助|参考|借鉴|启发).{0,20}",
            r"[（(【\[]?(?:仅供|内容仅供|资料仅供|以上内容仅供|本文仅供|文档仅供)(?:您|大家)?(?:学习)?(?:和)?(?:参考|借鉴|交流).{0,60}",
            r".{0,30}(?:如有(?:不当|侵权|雷同)|若有侵权|侵权(?:请|必)|请联系(?:我们|本站|管理员|网站)).{0,50}",
            r"[©Ⓒ]?\s*(?:版权(?:所有|归|声明|说明)|copyright|all rights reserved|未经(?:许可|授权)|转载请(?:注明|标明|保留)).{0,80}",
            r"(?:请)?(?:扫(?:一扫|描|码)|长按|搜索)?.{0,12}(?:微信)?(?:公众号|二维码|小程序|QQ群|微信群|客服QQ).{0,40}",
            r"[（(【\[]?(?:精品|精选|精编|实用|优质|最新|完整|word|Word|WORD|ppt|PPT|docx?|DOCX?)?\s*(?:文档|范文|资料|文件|版|word|Word|WORD|模板)?[\s，,、]*(?:下载后)?可(?:自由|自行|任意|直接|以)?\s*(?:编辑|修改|复制|打印)(?:版|修改|使用|文档|打印|删除)?.{0,20}",
            r"[（(【\[]?(?:精品|精选|精编|实用|标准|优质|优秀|最新|专业)\s*(?:文档|范文|资料|文库|word文档|公文范文|管理类文档)[）)】\]]?\s*(?:\d*)",
            r"(?:感谢|谢谢|多谢)(?:您|你|大家|各位)?(?:的|对.{1,12}的)?(?:下载|阅读|观看|浏览|使用|支持与下载|访问)(?:本文|文档|本文档)?[！!。.]*",
            r".{0,20}(?:百度文库|豆丁网|道客巴巴|新浪爱问|原创力文档|人人文库|金锄头文库|淘豆网|第一范文网|范文网|素材库|制度大全|范文大全|文秘网|公文网|文库网|360文库|360docs|冰豆网).{0,40}",
            r"(?:推荐阅读|相关阅读|相关文章|相关推荐|相关范文|猜你喜欢|热门(?:文章|推荐|范文)|延伸阅读|拓展阅读|精彩推荐|最新文章|标签|关键词|关\s*键\s*词)\s*[：:].{0,90}|(?:推荐阅读|相关阅读|相关文章|相关推荐|猜你喜欢|热门推荐)",
            r"(?:【|\[|（)?(?:未完，)?(?:全文|本文|文章|全篇)共\s*[约有计]?\s*\d{1,6}\s*字.{0,40}",
            r".{0,20}(?:试读结束|预览已结束|全文预览|还剩\s*\d+\s*页|未读，?继续阅读|继续阅读全文|展开阅读全文|点击展开).{0,40}",
            r"[-•·\s]*(?:格式|大小|文档页数|文档格式|文件大小|页数)\s*[：:]\s*(?:docx?|pdf|txt|[\d.]+\s*(?:[KkMm][Bb]?)?|\d+)\s*",
            r"(?:第一)?(?:范文|文档|文章)(?:正文|内容|介绍|摘要|标题)?(?:开始|结束|如下)[：:]?|正文[：:]?|【正文】",
        )
    ),
    re.IGNORECASE,
)
# Official and school sites are often meant to be read: 登录 www.mem.gov.cn 查询.
_OFFICIAL = re.compile(r"\.(?:gov|edu)\.cn", re.IGNORECASE)
_SPEAKING = re.compile(rf"我们?要|必须|应当|严禁|[{CJK}]{{30}}[，。]")
_INSIDE = re.compile(
    rf"[（(【\[]\s*(?:本文|文章|资料|内容|文档)?(?:来源|来自|转自|摘自|出处|更多[^）)】\]]{{0,20}}(?:访问|登录|关注))?(?:于)?\s*[：:]?\s*"
    rf"(?:[{CJK}]{{0,8}}(?:网|文库)\s*)?{_URL}\s*[）)】\]]"
    rf"|[（(【\[]\s*(?:本文来源|文章来源|本文来自|更多(?:{_TEXTS})|欢迎下载|版权所有|转载请注明)[^）)】\]]{{0,40}}[）)】\]]"
    rf"|(?:本文|文章|资料)(?:来源|来自)\s*[：:于]?\s*{_URL}"
)
_STRONG = re.compile(r"小编|范文|文库|下载|本站|整理|www|转载|版权|侵权|预览")
_PLACEHOLDER = re.compile(r"\[标签[:：][^\]]{1,10}\]|(?<![A-Za-z])l>\s")
_PAGE_TITLE = re.compile(r"^(.{4,50}?)\s*[-_|｜–—]+\s*(.{2,20})$")
_FILE_SUFFIX = re.compile(r"(?<=\S)\.(?:docx?|txt|pdf|wps|rtf)$", re.IGNORECASE)


def drop_site_text(lines: Sequence[SourceLine], log: RepairLog) -> list[SourceLine]:
    """Drop lines a sharing site added, and its inserts inside lines."""
    kept: list[SourceLine] = []
    cut = blank = False
    for place, line in enumerate(lines):
        if is_site_line(line) or _is_page_title(lines, place):
            log.add("site_text", line, line.text, removed=line.text)
            cut, blank = True, blank or line.blank_before
            continue
        left = _without_inserts(line, log, first=place < 3)
        if left.text or not left.is_prose:
            cut_before, blank_before = cut or line.cut_before, blank or line.blank_before
            kept.append(replace(left, cut_before=cut_before, blank_before=blank_before))
            cut = blank = False
    return kept


def is_site_line(line: SourceLine) -> bool:
    """Whether a whole line is a site's and not the author's."""
    text = line.text.strip()
    if not text or line.kind in {"table", "picture"} or len(text) > LONGEST_LINE:
        return False
    sentences = _sentences(text)
    if len(sentences) > 1 and not all(map(_is_site_sentence, sentences)):
        return False
    return _is_site_sentence(text) or len(sentences) > 1


def _sentences(text: str) -> list[str]:
    return [piece for piece in re.split(r"(?<=[。！？!])", text) if piece.strip()]


def _is_site_sentence(text: str) -> bool:
    if not _LINES.fullmatch(text.rstrip("。.!！")) and not _LINES.fullmatch(text):
        return False
    if _OFFICIAL.search(text) and len(re.findall(rf"[{CJK}]", text)) > 6:
        return False
    return not (_SPEAKING.search(text) and "小编" not in text and "下载" not in text)


def _is_page_title(lines: Sequence[SourceLine], place: int) -> bool:
    """Whether a line is the title again with the site's name behind it, as browsers show it."""
    found = _PAGE_TITLE.match(lines[place].text) if place < 2 else None
    return found is not None and found.group(1) in {line.text for line in lines[place + 1 : place + 8]}


def _without_inserts(line: SourceLine, log: RepairLog, *, first: bool) -> SourceLine:
    text = line.text
    inserts = [*_INSIDE.findall(text), *_PLACEHOLDER.findall(text)]
    if line.is_prose:
        # 下面是小编整理的…，供大家参考。同志们：… stands in one line with the text.
        sentences = [piece.strip() for piece in _sentences(text)]
        edges = {*sentences[:2], *sentences[-2:]} if len(sentences) > 1 else set()
        inserts += [one for one in sorted(edges) if _STRONG.search(one) and _is_site_sentence(one)]
    for insert in inserts:
        log.add("site_text", line, insert, removed=insert)
        text = text.replace(insert, "", 1)
    if first and line.is_prose and len(text) <= 80:
        suffix = _FILE_SUFFIX.search(text)
        if suffix:
            log.add("site_text", line, text, removed=suffix.group())
            text = text[: suffix.start()]
    return replace(line, text=text.strip()) if text != line.text else line
