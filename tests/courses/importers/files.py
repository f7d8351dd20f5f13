"""Files as people bring them: real .docx made with python-docx, and broken ones made by hand."""

import io
import zipfile
from pathlib import Path

import docx
from PIL import Image

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def png(size=(40, 30), colour="red") -> bytes:
    """Return a picture."""
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, "PNG")
    return target.getvalue()


def speech_docx(path: Path) -> Path:
    """Write a speech with headings, lists, a table and a picture."""
    made = docx.Document()
    made.add_heading("在全市安全生产工作会议上的讲话", 0)
    made.add_paragraph("（2023年3月15日）")
    made.add_paragraph("同志们：")
    made.add_heading("一、认清形势", 1)
    made.add_paragraph("各级党政主要负责人")
    made.add_paragraph("2、的行政首长要负总责。")
    made.add_heading("（一）形势严峻", 2)
    for item in ("检查油位", "检查防护罩"):
        made.add_paragraph(item, style="List Number")
    for item in ("甲班", "乙班"):
        made.add_paragraph(item, style="List Bullet")
    table = made.add_table(2, 2)
    for number, text in enumerate(("项目", "标准", "油位", "不低于刻线")):
        table.cell(number // 2, number % 2).text = text
    made.add_picture(io.BytesIO(png()))
    made.add_paragraph("谢谢大家！")
    made.save(str(path))
    return path


def rewritten(path: Path, **parts: bytes | None) -> Path:
    """Replace, add or (None) drop parts of a .docx; `__` in a name stands for `/`, `_` stays."""
    names = {name.replace("__", "/"): data for name, data in parts.items()}
    with zipfile.ZipFile(path) as archive:
        kept = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    kept.update({name: data for name, data in names.items() if data is not None})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in kept.items():
            if names.get(name, b"") is not None:
                archive.writestr(name, data)
    return path


W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def body_docx(path: Path, body: str, **parts: bytes | None) -> Path:
    """Write a .docx with this XML as its body."""
    docx.Document().save(str(path))
    xml = (
        f'<w:document xmlns:w="{W}" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
        'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f"<w:body>{body}</w:body></w:document>"
    )
    return rewritten(path, word__document=None, **{"word__document.xml": xml.encode(), **parts})
