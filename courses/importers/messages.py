"""What went wrong with a file and what was repaired in it, in the words of the people who read it."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.documents import Document, DocumentProblem, Loss
from courses.importers.files import DOCUMENT_MAX_BYTES, FileReport

_MESSAGES: dict[str, Promise] = {
    "encrypted": gettext_lazy("“%(file)s”设有密码，无法读取。请在 Word 中取消密码保护，另存后再导入。"),
    "empty": gettext_lazy("“%(file)s”里没有可以导入的文字。请检查是否选错了文件。"),
    "truncated": gettext_lazy("“%(file)s”不完整，可能没有下载完。请重新下载或重新复制后再导入。"),
    "too_large": gettext_lazy(
        "“%(file)s”太大，超过 %(limit)s MB 或一次能处理的篇幅。请拆成几个文件，或压缩其中的图片后再导入。"
    ),
    "bomb": gettext_lazy(
        "“%(file)s”解压后大得不正常，为安全起见没有打开。请用 Word 打开原文，另存为 .docx 后再导入。"
    ),
    "wrong_type": gettext_lazy(
        "“%(file)s”的内容与扩展名不符：%(found)s。请用原来的程序打开，另存为 .docx、.txt 或 .md 后再导入。"
    ),
    "unsupported": gettext_lazy(
        "“%(file)s”的格式不能导入。请另存为 .docx、.txt、.md 或有文字的 PDF 后再导入。"
    ),
    "undecodable": gettext_lazy(
        "“%(file)s”的文字是乱码，认不出编码。请用记事本打开，确认文字正常后另存为 UTF-8 再导入。"
    ),
    "unreadable": gettext_lazy(
        "“%(file)s”无法读取，文件可能已损坏或不存在。请检查路径，用 Word 打开并另存后再导入。"
    ),
}
_FOUND: dict[str, Promise] = {
    "docx": gettext_lazy("它其实是 Word 文档"),
    "xlsx": gettext_lazy("它其实是 Excel 工作簿"),
    "Excel": gettext_lazy("它其实是 Excel 工作簿"),
    "PowerPoint": gettext_lazy("它其实是 PowerPoint 演示文稿"),
    "Word 97-2003": gettext_lazy("它其实是旧版 Word（.doc）文档"),
    "Excel 97-2003": gettext_lazy("它其实是旧版 Excel（.xls）工作簿"),
    "Word template": gettext_lazy("它其实是 Word 模板"),
    "macros": gettext_lazy("它含有宏"),
    "zip": gettext_lazy("它其实是压缩包"),
    "text": gettext_lazy("它其实是纯文本"),
    "HTML": gettext_lazy("它其实是网页"),
}
REPAIR_NAMES: dict[str, Promise] = {
    "watermark": gettext_lazy("去掉水印标记"),
    "zero_width": gettext_lazy("去掉看不见的字符"),
    "html": gettext_lazy("还原网页代码"),
    "spaces": gettext_lazy("整理空格和缩进"),
    "odd_characters": gettext_lazy("还原异体字符"),
    "punctuation": gettext_lazy("统一标点"),
    "site_text": gettext_lazy("去掉网站附加文字"),
    "page_number": gettext_lazy("去掉页码"),
    "page_fragment": gettext_lazy("去掉混进句子的页码"),
    "contents_list": gettext_lazy("去掉原目录"),
    "running_header": gettext_lazy("去掉页眉"),
    "duplicate": gettext_lazy("去掉重复段落"),
    "broken_line": gettext_lazy("接好断开的行"),
    "run_together": gettext_lazy("分开连在一起的段落"),
    "split": gettext_lazy("分成多篇"),
    "lost_character": gettext_lazy("有无法还原的字符，请核对原文"),
    "picture_left_out": gettext_lazy("有图片无法导入，请手工补上"),
}
LOSS_NAMES: dict[str, Promise] = {
    "deleted": gettext_lazy("修订中删除的文字，没有导入"),
    "inserted": gettext_lazy("修订中插入的文字，已按接受导入"),
    "comment": gettext_lazy("批注，没有导入"),
    "hidden": gettext_lazy("隐藏文字，没有导入"),
    "struck": gettext_lazy("带删除线的文字，已按普通文字导入，请核对"),
    "emphasis": gettext_lazy("加粗、下划线、底色或颜色，没有导入（只列第一处）"),
    "symbol": gettext_lazy("特殊字体的符号，没有导入，请手工补上"),
    "note": gettext_lazy("脚注或尾注，已移到文末"),
    "header_footer": gettext_lazy("页眉或页脚，没有导入"),
    "text_box": gettext_lazy("文本框，已移到所在段落之后"),
    "merged_cells": gettext_lazy("合并的单元格，已拆开，文字留在第一格"),
    "inner_table": gettext_lazy("表格中的表格，已变成文字"),
    "picture": gettext_lazy("图片，没有导入，请手工补上"),
    "picture_moved": gettext_lazy("表格中的图片，已移到表格之后"),
    "object": gettext_lazy("图表或嵌入对象，没有导入，请截图补上"),
    "formula": gettext_lazy("公式，已变成一行文字，请核对"),
    "link": gettext_lazy("链接地址，没有导入，文字保留"),
    "layout": gettext_lazy(
        "PDF 不记录段落，标题、段落和列表是按版面推测的，表格成了逐行文字，请对照原文核对"
    ),
    "scanned_page": gettext_lazy("整页没有文字（扫描件），没有导入，请先做文字识别（OCR）或手工补上"),
    "garbled_page": gettext_lazy("整页文字无法识别（字体没有编码），没有导入，请手工补上"),
    "page_picture": gettext_lazy("页上的图片，没有导入，请手工补上"),
    "page_note": gettext_lazy("页上的批注，没有导入"),
}
_OF_A_PAGE = {"scanned_page", "garbled_page", "page_picture", "page_note"}


def loss_place(loss: Loss) -> str:
    """Say where in the file a loss happened."""
    if loss.kind in _OF_A_PAGE:
        return _("第 %(page)s 页") % {"page": loss.text.partition(" ")[0]}
    if not loss.place:
        return _("整个文件")
    if not loss.near:
        return _("第 %(place)d 段") % {"place": loss.place}
    return _("第 %(place)d 段“%(near)s”") % {"place": loss.place, "near": loss.near}


def loss_text(loss: Loss) -> str:
    """Return what was lost, without the page `loss_place` names."""
    return loss.text.partition(" ")[2] if loss.kind in _OF_A_PAGE else loss.text


def problem_message(file: str, problem: DocumentProblem) -> str:
    """Say in Chinese what is wrong with a file and what to do about it."""
    if (own := _pdf_message(file, problem)) or (own := _unsupported_message(file, problem)):
        return own
    found = _FOUND.get(problem.detail)
    return str(_MESSAGES[problem.code]) % {
        "file": file,
        "limit": DOCUMENT_MAX_BYTES // (1024 * 1024),
        "found": found or _("识别到的内容是 %(kind)s") % {"kind": problem.detail or _("其他格式")},
    }


def _pdf_message(file: str, problem: DocumentProblem) -> str:
    """Say what helps where Word does not: with a PDF."""
    if not file.lower().endswith(".pdf"):
        return ""
    reasons = {
        "encrypted": _(
            "“%(file)s”设有密码或禁止复制，无法读取。请让编制人另存一份不加密的 PDF，或导入 Word 原件。"
        ),
        "empty": _("“%(file)s”里没有文字，多半是扫描件。请先做文字识别（OCR），或导入 Word 原件。"),
        "undecodable": _(
            "“%(file)s”的字体没有编码，取不出文字。请用原来的程序重新导出 PDF，或导入 Word 原件。"
        ),
        "unreadable": _("“%(file)s”无法读取，文件可能已损坏。请用阅读器打开并另存为 PDF 后再导入。"),
        "bomb": _("“%(file)s”处理起来大得不正常，为安全起见没有打开。请拆成几个文件，或导入 Word 原件。"),
    }
    words = reasons.get(problem.code, "")
    return words % {"file": file} if words else ""


def _unsupported_message(file: str, problem: DocumentProblem) -> str:
    if problem.code == "unsupported" and problem.detail in {".doc", ".docm"}:
        reasons = {
            ".doc": _("“%(file)s”是旧版 Word 格式。请用 Word 或 WPS 打开，另存为 .docx 后再导入。"),
            ".docm": _("“%(file)s”可能含有宏，为安全起见不导入。请另存为不含宏的 .docx 后再导入。"),
        }
        return reasons[problem.detail] % {"file": file}
    return ""


def report_data(report: FileReport) -> dict[str, Any]:
    """Return one file's report in the shape of `import_documents --json`."""
    errors = []
    if report.problem is not None:
        errors.append({"code": report.problem.code, "message": problem_message(report.file, report.problem)})
    return {
        "file": report.file,
        "encoding": report.encoding,
        "documents": [document_data(document) for document in report.documents],
        "errors": errors,
    }


def document_data(document: Document) -> dict[str, Any]:
    """Return one document in the shape of `import_documents --json`; `losses` is there where there are any."""
    data: dict[str, Any] = {
        "title": document.title,
        "salutation": document.salutation,
        "headings": [{"level": heading.level, "text": heading.text} for heading in document.headings],
        "paragraphs": document.paragraphs,
        "text": document.text,
        "repairs": [
            {"kind": repair.kind, "count": repair.count, "example": repair.example}
            for repair in document.repairs
        ],
    }
    if document.losses:
        data["losses"] = [
            {"kind": loss.kind, "place": loss.place, "near": loss.near, "text": loss.text}
            for loss in document.losses
        ]
    return data


def warnings_of(document: Document) -> list[str]:
    """Return what an editor should look at before keeping a document."""
    found = []
    if document.titled_by_name:
        found.append(_("没有找到标题，用了文件名。"))
    if not document.headings:
        found.append(_("没有找到小标题，学员将看到一整段长文。"))
    if len(document.text) < 100:
        found.append(_("正文很短，请确认是否完整。"))
    kinds = {repair.kind for repair in document.repairs}
    found += [f"{REPAIR_NAMES[kind]}。" for kind in ("lost_character", "picture_left_out") if kind in kinds]
    return found
