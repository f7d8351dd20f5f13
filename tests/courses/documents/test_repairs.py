"""Every repair by itself: what it mends, what it lists, and what it leaves alone."""

import pytest

from courses.documents import DocumentProblem, understand
from courses.documents.reading import MAX_CHARS, lines_of


def read(text, **options):
    return understand(lines_of(text), fallback_title="文件名", **options)


def one(text, **options):
    documents = read(text, **options)
    assert len(documents) == 1
    return documents[0]


def kinds(document):
    return {repair.kind: repair for repair in document.repairs}


HEAD = "关于安全生产的讲话\n同志们：\n"
FIRST = "今天召开的安全生产工作会议，主要任务是总结去年工作，部署今年任务。"


@pytest.mark.parametrize(
    ("torn", "whole", "shown"),
    [
        (
            "各级党政主要负责人\n2、的行政首长要负总责。",
            "各级党政主要负责人的行政首长要负总责。",
            "2、的行政首长",
        ),
        (
            "各级党政主要负责人\n\n2、的行政首长要负总责。",
            "各级党政主要负责人的行政首长要负总责。",
            "2、的行政首长",
        ),
        (
            "　　各级党政主要负责人\n　　12、的行政首长要负总责。",
            "各级党政主要负责人的行政首长要负总责。",
            "12、",
        ),
        ("各级党政主要负责人2、的行政首长要负总责。", "各级党政主要负责人的行政首长要负总责。", "2、的"),
        ("各级党政主要负责人 2、的行政首长要负总责。", "各级党政主要负责人的行政首长要负总责。", "2、的"),
        (
            "各级党委、政府主要领导\n3、和各部门负责人要带头检查。",
            "各级党委、政府主要领导和各部门负责人要带头检查。",
            "3、和",
        ),
        ("各级党政主要负责人\n2.的行政首长要负总责。", "各级党政主要负责人的行政首长要负总责。", "2.的"),
        ("各级党政主要负责人\n2 的行政首长要负总责。", "各级党政主要负责人的行政首长要负总责。", "2 的"),
        (
            "要切实把安全生产责任落\n- 12 -\n实到每一个岗位。",
            "要切实把安全生产责任落实到每一个岗位。",
            "- 12 -",
        ),
        (
            "要切实把安全生产责任落\n\n— 12 —\n\n实到每一个岗位。",
            "要切实把安全生产责任落实到每一个岗位。",
            "— 12 —",
        ),
        (
            "要切实把安全生产责任落\n－１２－\n实到每一个岗位。",
            "要切实把安全生产责任落实到每一个岗位。",
            "－１２－",
        ),
        (
            "要切实把安全生产责任落\n第 3 页 共 10 页\n实到每一个岗位。",
            "要切实把安全生产责任落实到每一个岗位。",
            "第 3 页",
        ),
        (
            "要切实把安全生产责任落\n第3页\n实到每一个岗位。",
            "要切实把安全生产责任落实到每一个岗位。",
            "第3页",
        ),
        (
            "要切实把安全生产责任落\n第三页/共十页\n实到每一个岗位。",
            "要切实把安全生产责任落实到每一个岗位。",
            "第三页",
        ),
        ("要切实把安全生产责任落\n3/10\n实到每一个岗位。", "要切实把安全生产责任落实到每一个岗位。", "3/10"),
        (
            "要切实把安全生产责任落\nPage 3 of 10\n实到每一个岗位。",
            "要切实把安全生产责任落实到每一个岗位。",
            "Page 3",
        ),
        (
            "要切实把安全生产责任落\n12\n实到每一个岗位，不留死角。",
            "要切实把安全生产责任落实到每一个岗位，不留死角。",
            "12",
        ),
        (
            "要切实把安全生产责任落\n\n12\n\n实到每一个岗位，不留死角。",
            "要切实把安全生产责任落实到每一个岗位，不留死角。",
            "12",
        ),
        (
            "要切实把安全生产责任落第 3 页 共 10 页实到每一个岗位。",
            "要切实把安全生产责任落实到每一个岗位。",
            "第 3 页",
        ),
        ("要切实把安全生产责任落- 3 -实到每一个岗位。", "要切实把安全生产责任落实到每一个岗位。", "- 3 -"),
        ("要切实把安全生产责任落\n- 3 -实到每一个岗位。", "要切实把安全生产责任落实到每一个岗位。", "- 3 -"),
        (
            "要切实把安全生产责任落\n##页码begin##\n实到每一个岗位。",
            "要切实把安全生产责任落实到每一个岗位。",
            None,
        ),
        (
            "全市各级各部门要认真贯彻会议精神，切实把责任\n2、落实到每一个岗位、每一名职工。",
            "全市各级各部门要认真贯彻会议精神，切实把责任落实到每一个岗位、每一名职工。",
            "2、落实",
        ),
    ],
)
def test_page_numbers_inside_a_sentence(torn, whole, shown):
    document = one(HEAD + FIRST + "\n" + torn + "\n散会。")
    assert whole in document.text.split("\n")
    if shown:
        found = kinds(document)
        assert shown in found.get("page_fragment", found.get("page_number")).example


def test_page_number_at_the_end_of_a_paragraph():
    document = one(HEAD + FIRST + "\n7\n" + FIRST.replace("今天", "昨天") + "\n8")
    assert document.text == HEAD + FIRST + "\n" + FIRST.replace("今天", "昨天")
    assert kinds(document)["page_number"].count == 2


@pytest.mark.parametrize(
    "kept",
    [
        "1、开机前检查油位\n2、检查防护罩\n3、确认急停按钮有效",
        "要重点检查以下设备\n1、压力容器\n2、和起重机械相连的吊具\n3、锅炉",
        "死亡人数\n3\n受伤人数\n5",
        "会议分为三项\n1、传达文件。\n2、通报情况。",
        "事故共造成\n12人受伤，2人死亡。",
        "今年1至6月共发生事故12起，死亡2人，同比下降3.5%。",
        "本条第2、的确需要注意。",
        "2的倍数。",
    ],
)
def test_numbers_that_belong_to_the_text_stay(kept):
    assert "".join(kept.split()) in "".join(one(HEAD + FIRST + "\n" + kept).text.split())


WRAPPED = """关于做好冬季安全生产工作的讲话
同志们：
　　今天召开的这次会议，主要任务是贯彻落实上级关于安全生产工
作的一系列决策部署，分析当前形势，安排下一步工作。刚才，张局
长通报了前三季度的情况，我完全同意。
　　下面，我讲两点意见。
　　一、提高认识，切实增强做好冬季安全生产工作的责任感
　　冬季气温低、风干物燥，历来是火灾和一氧化碳中毒事故多发期。
各单位一定要保持清醒头脑，决不能有丝毫的麻痹松懈，要把各项防
范措施落到实处。
"""


def test_hard_wrapped_lines_are_rejoined():
    document = one(WRAPPED)
    assert [block.text for block in document.blocks] == [
        "今天召开的这次会议，主要任务是贯彻落实上级关于安全生产工作的一系列决策部署，分析当前形势，安排下一步"
        "工作。刚才，张局长通报了前三季度的情况，我完全同意。",
        "下面，我讲两点意见。",
        "一、提高认识，切实增强做好冬季安全生产工作的责任感",
        "冬季气温低、风干物燥，历来是火灾和一氧化碳中毒事故多发期。各单位一定要保持清醒头脑，决不能有丝毫的"
        "麻痹松懈，要把各项防范措施落到实处。",
    ]
    assert kinds(document)["broken_line"].count == 4


def test_two_wrapped_lines_in_an_unwrapped_text():
    document = one(HEAD + "各单位要认真开展隐患排查，对查出的问题要建立台账，逐\n项整改到位。")
    assert "逐项整改到位。" in document.text
    assert "逐⏎项整改" in kinds(document)["broken_line"].example


def test_slogans_of_one_length_are_not_wrapped_lines():
    slogans = "人人讲安全个个会应急，共筑安全防线\n处处防隐患时时讲责任，共享平安生活\n天天抓落实事事按规程，共建和谐家园\n"
    text = one(HEAD + slogans * 1 + FIRST).text
    assert all(line in text.split("\n") for line in slogans.split())


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("要做到标本兼治，\n综合治理。", "要做到标本兼治，综合治理。"),
        ("他说“安全是\n天大的事”，大家要记住。", "他说“安全是天大的事”，大家要记住。"),
        ("安全生产工作\n，必须常抓不懈。", "安全生产工作，必须常抓不懈。"),
    ],
)
def test_lines_that_cannot_stand_alone_are_joined(broken, whole):
    assert whole in one(HEAD + FIRST + "\n" + broken).text.split("\n")


@pytest.mark.parametrize(
    "line",
    [
        "来源：网络",
        "文章来源：安全管理网",
        "来源:http://www.example.com/a/1.html",
        "www.example.com",
        "http://www.example.com/doc/123.html",
        "更多安全生产讲话稿范文请访问 www.example.com",
        "更多精彩范文",
        "欢迎下载",
        "欢迎您下载使用！",
        "本文由某某范文网整理",
        "本文由会员上传，版权归作者所有",
        "下载后可自行编辑修改",
        "精品文档，欢迎下载",
        "（可编辑版）",
        "仅供参考",
        "发布时间：2022-10-21 15:42:29 浏览次数：128",
        "时间:2022-10-21 15:42:29",
        "作者：佚名 来源：网络 点击：100",
        "首页 > 讲话 > 讲话稿 > 正文",
        "当前位置：首页 > 范文大全",
        "上一篇：安全生产责任书",
        "【打印本页】【关闭窗口】",
        "分享到：微信 微博",
        "下面是小编为大家整理的安全生产讲话稿，欢迎大家阅读！",
        "以上就是安全生产讲话稿的全部内容，希望对大家有所帮助。",
        "转载请注明出处",
        "版权所有 翻印必究",
        "扫描二维码关注公众号",
        "感谢您的下载！",
        "相关推荐：",
        "文档来源：百度文库",
        "【全文共1662字】",
        "（未完，全文共1662字，当前显示422字）",
        "资料内容仅供您学习参考，如有不当之处，请联系改正或者删除",
    ],
)
def test_site_text_is_dropped_and_listed(line):
    document = one(HEAD + FIRST + "\n" + line)
    assert document.text == HEAD + FIRST
    assert line[:10] in kinds(document)["site_text"].example


@pytest.mark.parametrize(
    "line",
    [
        "欢迎各位领导莅临我厂检查指导工作。",
        "时间：2021年3月5日14时20分",
        "地点：二车间配电室",
        "作者：张建国",
        "谢谢大家！",
        "希望大家认真学习，吸取教训。",
        "请登录应急管理部网站 www.mem.gov.cn 查询特种作业证。",
        "危险来源：旋转的主轴和未加防护的皮带轮。",
        "要把更多的精力放在隐患排查上，把更多的资源投向基层。",
        "本文件由安全环保部负责解释。",
        "编制：安全环保部",
        "下载安全生产法全文组织职工学习，这是本月的任务，各班组要在月底前完成，并把学习记录报安全科备案检查。",
    ],
)
def test_the_authors_own_lines_stay(line):
    assert line in one(HEAD + FIRST + "\n" + line).text


def test_site_insert_inside_a_paragraph():
    document = one(HEAD + "安全生产责任重于泰山（本文来源：www.example.com），我们必须常抓不懈。")
    assert "安全生产责任重于泰山，我们必须常抓不懈。" in document.text
    assert "www.example.com" in kinds(document)["site_text"].example


@pytest.mark.parametrize(
    ("marked", "mark"),
    [
        ("##安全生产讲话begin##\n{}\n##安全生产讲话end##", "##安全生产讲话begin##"),
        ("##…begin##{}##…end##", "##…begin##"),
        ("＃＃水印begin＃＃{}", "＃＃水印begin＃＃"),
        ("##BEGIN##{}##END##", "##BEGIN##"),
        ("{}##ad_12##", "##ad_12##"),
        ("##文库begin\n{}\n文库end##", "##文库begin"),
    ],
)
def test_watermarks_go_and_the_text_between_stays(marked, mark):
    document = one(HEAD + marked.format(FIRST))
    assert document.text == HEAD + FIRST
    assert kinds(document)["watermark"].example == mark


def test_invisible_characters():
    document = one("\ufeff" + HEAD + "安全\u200b生\u200d产，\u00ad责任重于泰山。")
    assert "安全生产，责任重于泰山。" in document.text
    assert kinds(document)["zero_width"].count == 2
    assert kinds(document)["zero_width"].example.startswith("[U+FEFF]关于")


def test_html_is_undone():
    document = one(HEAD + "<p>他说：&ldquo;安全第一&rdquo;。<br/>5 &lt; 6&nbsp;&amp;nbsp;结束。</p>")
    assert "他说：“安全第一”。\n5 < 6 结束。" in document.text
    assert kinds(document)["html"].count == 1


def test_angle_brackets_that_are_no_tags_stay():
    assert "压力<0.5MPa且温度>20℃时停机。" in one(HEAD + "压力<0.5MPa且温度>20℃时停机。").text


def test_spaces_and_indents():
    document = one("关于安全生产的讲　　话\n同志们：\n　　一、 提高认识\n\u3000\u3000安全 ，责任。　　　完。")
    assert document.title == "关于安全生产的讲 话"
    assert "一、提高认识" in document.text
    assert "安全，责任。完。" in document.text
    assert "spaces" in kinds(document)


def test_spaced_out_letters_close_up_but_names_do_not():
    document = one("讲 话 稿\n同志们：\n出席会议的有 张三 李四 王五。")
    assert document.title == "讲话稿"
    assert "有 张三 李四 王五" in document.text


def test_mixed_punctuation_is_made_one():
    document = one(HEAD + "认真,负责。" + "安全，第一，预防，为主。比例1:2,3.5。")
    assert "认真，负责。" in document.text
    assert "比例1:2,3.5。" in document.text
    assert kinds(document)["punctuation"].example


def test_consistent_half_width_punctuation_stays():
    document = one("讲话\n同志们:\n安全第一,预防为主,综合治理。")
    assert "安全第一,预防为主,综合治理。" in document.text
    assert document.salutation == "同志们:"


def test_radicals_from_pdf_files():
    document = one(HEAD + "安全⽣产⼯作。")
    assert "安全生产工作。" in document.text
    assert kinds(document)["odd_characters"].count == 1


def test_duplicates():
    long = "各单位要认真吸取事故教训，举一反三，全面排查本单位存在的各类安全隐患，做到不留死角、不留盲区、不走过场，确保整改到位。"
    document = one(HEAD + f"{FIRST}\n{FIRST}\n{long}\n中间一段。\n{long}\n不行！\n不行！")
    assert document.text == HEAD + f"{FIRST}\n{long}\n中间一段。\n不行！\n不行！"
    assert kinds(document)["duplicate"].count == 2


def test_a_sentence_repeated_in_each_section_stays():
    rule = "1、工作完毕，切断电源，清理现场。\n"
    text = one("车床操作规程\n一、车床\n" + rule + "二、铣床\n" + rule).text
    assert text.count("工作完毕") == 2


def test_contents_list():
    document = one("安全生产讲话\n目　录\n一、提高认识……………………1\n二、强化措施........2\n同志们：\n" + FIRST)
    assert document.text == "安全生产讲话\n同志们：\n" + FIRST
    assert kinds(document)["contents_list"].count == 3


def test_running_header_at_page_cuts():
    page = "安全生产文件汇编\n"
    lines = [f"第{number}个问题我们要讲清楚，各单位必须认真对待，决不能" for number in "甲乙丙丁"]
    text = HEAD + page + "".join(f"{line}\n- {at} -\n{page}掉以轻心。\n" for at, line in enumerate(lines, 1))
    document = one(text)
    assert "决不能掉以轻心。" in document.text
    assert document.text.count("安全生产文件汇编") == 1
    assert kinds(document)["running_header"].count == 4


def test_case_headings_that_come_back_stay():
    case = "事故经过\n某年某月，某厂发生一起机械伤害事故。\n原因分析\n违章操作。\n"
    text = one("事故案例汇编\n" + "".join(f"案例{number}\n{case}" for number in "一二三")).text
    assert text.count("事故经过") == 3


def test_title_salutation_and_text_run_together():
    document = one("安全生产消防工作会议讲话同志们：今天这次会议，是一次十分重要的会议。")
    assert (document.title, document.salutation) == ("安全生产消防工作会议讲话", "同志们：")
    assert document.text.endswith("\n今天这次会议，是一次十分重要的会议。")
    assert "run_together" in kinds(document)


RUN_TOGETHER = (
    "市长在安委会例会上的讲话 同志们: 今天,市安委会在这里召开全市安全生产例会,重点是分析当前安全生产形势,研究部署下一步工作。"
    "刚才,几个单位做了具体的安排,我都同意,请大家认真抓好落实。下面,我就当前安全生产工作讲几点意见: 一、认清形势,增强责任感 "
    "1-11月,我市安全生产形势总体较为平稳,有喜有忧,各类事故起数和死亡人数均比上年同期有所下降,但是决不能松懈。 "
    "二、突出重点,狠抓落实 要抓好煤矿安全,抓好道路交通安全,抓好烟花爆竹安全,决不走过场。"
)


def test_a_whole_text_in_one_line():
    document = one(RUN_TOGETHER)
    assert document.title == "市长在安委会例会上的讲话"
    assert document.salutation == "同志们:"
    assert [one.text for one in document.headings] == ["一、认清形势,增强责任感", "二、突出重点,狠抓落实"]
    assert "\n1-11月,我市" in document.text


def test_wide_gaps_are_lost_line_ends():
    document = one(
        HEAD
        + "今天的会议十分重要。　　一、统一思想　　各单位要深刻认识做好安全生产工作的重要意义，切实增强责任感和紧迫感，决不能掉以轻心，麻痹大意。"
    )
    assert [one.text for one in document.headings] == ["一、统一思想"]


def test_style_rules_of_a_web_page():
    rules = "@page { size: 8.27in 11.69in } p.western { font-size: 10pt; so-language: en-US } "
    assert one(rules + "安全生产讲话\n同志们：\n" + FIRST).text == "安全生产讲话\n同志们：\n" + FIRST


def test_introduction_by_the_site_in_the_line_of_the_text():
    document = one(
        "整治会议讲话\n下面是小编为大家整理的整治会议讲话【优秀范文】，供大家参考。同志们：今天开会，主要任务是部署整治工作。"
    )
    assert document.text == "整治会议讲话\n同志们：\n今天开会，主要任务是部署整治工作。"


def test_title_of_the_browser_window():
    assert one("焊接安全要求 - 制度大全\n焊接安全要求\n" + FIRST).text == "焊接安全要求\n" + FIRST


def test_page_number_above_the_title():
    assert one("1\n" + HEAD + FIRST).text == HEAD + FIRST


def test_lost_characters_are_told():
    document = one(HEAD + "安全生产责任重于泰\ufffd。" * 1 + FIRST * 20)
    assert "泰\ufffd" in kinds(document)["lost_character"].example


def test_nothing_but_site_text_is_empty():
    with pytest.raises(DocumentProblem) as raised:
        read("来源：网络\n欢迎下载\n")
    assert raised.value.code == "empty"


def test_a_book_is_too_large():
    with pytest.raises(DocumentProblem) as raised:
        read("安" * (MAX_CHARS + 1))
    assert raised.value.code == "too_large"


def test_a_clean_text_is_left_alone():
    text = HEAD + FIRST + "\n一、提高认识\n要提高认识。"
    document = one(text)
    assert document.text == text
    assert document.repairs == ()
