"""The files a stranger brings: a speech and an operating rule from Word, a film, an HR list, and the answers."""

import datetime as dt
from pathlib import Path

import yaml
from docx import Document
from docx.shared import Cm
from openpyxl import Workbook

from portal.demo.films import make_film as draw_film
from portal.demo.pictures import draw_picture

ROOT = Path(__file__).resolve().parents[2]

SPEECH_TITLE = "在全厂安全培训推进会上的讲话"
RULE_TITLE = "砂轮机安全操作规程"
FILM_TITLE = "车床不认手套"
CASE_TITLE = "被车床卷走的手套"
ACCIDENT_TITLE = "戴手套清铁屑，右手被车床卷住"


def make_speech(folder: Path) -> Path:
    """Write a speech in Word as it comes from a secretary: a salutation, headings typed as text, a page number."""
    document = Document()
    document.add_paragraph(SPEECH_TITLE)
    document.add_paragraph("同志们：")
    for text in (
        "一、培训不到位，不许上岗",
        "今天只讲一件事。新来的、转岗的、返岗的，没有培训合格，一律不许上机床。",
        "二、教的人要真教",
        "一是规程要讲到班组，二是应急要练到个人。班组长当着大家的面做一遍，再让每个人做一遍。",
    ):
        document.add_paragraph(text)
    path = folder / "讲话.docx"
    document.save(str(path))
    return path


def make_rule(folder: Path) -> Path:
    """Write an operating rule in Word, with real headings, a numbered list and a table."""
    document = Document()
    document.add_paragraph(RULE_TITLE, style="Title")
    document.add_heading("一、开机前", level=1)
    document.add_paragraph("检查砂轮无裂纹，防护罩齐全，托架间隙不大于三毫米。")
    document.add_paragraph("戴好防护面罩", style="List Number")
    document.add_paragraph("空转一分钟，人站在侧面", style="List Number")
    document.add_heading("二、出现异常", level=1)
    document.add_paragraph("声音不对、抖动变大，立即停机断电，报告班组长。")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ("项目", "要求", "托架间隙", "不大于 3 mm"), strict=True):
        cell.text = text
    path = folder / "规程.docx"
    document.save(str(path))
    return path


def make_case(folder: Path) -> Path:
    """Write a warning case in Word as a safety office writes it: day and place, headings, a table, a photograph."""
    photograph = folder / "现场.png"
    draw_picture("glove-lathe", photograph)
    document = Document()
    document.add_paragraph(ACCIDENT_TITLE, style="Title")
    document.add_heading("一、事故经过", level=1)
    document.add_paragraph(
        "2026年3月12日，甲班车工戴着线手套，用手清理旋转工件上的铁屑。手套被卷住，右手被拉向工件。"
    )
    document.add_picture(str(photograph), width=Cm(9))
    document.add_heading("二、直接原因", level=1)
    document.add_paragraph("操作旋转机床戴手套；没有停机就用手清铁屑。")
    document.add_heading("三、间接原因", level=1)
    document.add_paragraph("班前会没有讲这条规定", style="List Number")
    document.add_paragraph("机床旁没有挂铁屑钩", style="List Number")
    document.add_heading("四、防范措施", level=1)
    table = document.add_table(rows=3, cols=2)
    texts = ("措施", "责任人", "每台车床挂铁屑钩", "班组长", "班前检查手套和袖口", "班组长")
    for cell, text in zip(table._cells, texts, strict=True):
        cell.text = text
    path = folder / "事故案例.docx"
    document.save(str(path))
    return path


def make_film(folder: Path, *, seconds: float = 6) -> Path:
    """Make a film with sound, H.264 and AAC, as a phone would."""
    return draw_film("glove", folder / "案例.mp4", seconds=seconds).path


def make_hr_list(folder: Path, today: dt.date) -> Path:
    """Write an HR list: a new hire, and the job change of somebody who is known."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "人员"
    sheet.append(["工号", "姓名", "部门", "岗位", "用工形式", "入职日期", "手机号", "生效日期"])
    unit = "云山机械集团/总厂/二车间/甲班"
    sheet.append(["9001", "高秀兰", unit, "机加工", "正式员工", today, "13900009001", None])
    sheet.append(["1003", "周大勇", "云山机械集团/总厂/一车间/乙班", "电焊工", None, None, None, today])
    path = folder / "人员变动.xlsx"
    book.save(path)
    return path


def right_answers() -> dict[str, set[str]]:
    """Return the texts of the right options of every question of the demo, by its stem."""
    answers: dict[str, set[str]] = {}
    for path in (ROOT / "portal/demo/data/questions").glob("*.yaml"):
        for entry in yaml.safe_load(path.read_text())["questions"]:
            if entry["kind"] == "true_false":
                answers[entry["stem"]] = {"正确" if entry["correct"][0] else "错误"}
            else:
                answers[entry["stem"]] = {str(entry["options"][letter]) for letter in entry["correct"]}
    return answers
