"""An uploaded scan, checked and drawn anew outside this process."""

import base64
import tempfile
from typing import Any

from django.utils.translation import gettext as _

from common import quarantine
from training.errors import LicenceRefused
from training.importers.scans import MAX_BYTES


def scan_drawn_anew(upload: Any) -> tuple[bytes, str]:
    """Return an uploaded scan as drawn anew, and its suffix (`.jpg`, `.pdf`). Raises LicenceRefused."""
    if upload.size > MAX_BYTES:
        raise LicenceRefused(_flaw("too_large"))
    with tempfile.NamedTemporaryFile() as handle:
        for piece in upload.chunks():
            handle.write(piece)
        handle.flush()
        try:
            drawn = quarantine.run(
                "training.importers.scans:draw_anew", handle.name, memory_mb=900, timeout_s=40
            )
        except quarantine.Quarantined as error:
            raise LicenceRefused(_flaw("not_readable")) from error
    if "flaw" in drawn:
        raise LicenceRefused(_flaw(drawn["flaw"]))
    return base64.b64decode(drawn["data"]), drawn["suffix"]


def _flaw(code: str) -> str:
    words = {
        "too_large": _("扫描件太大：最多 15 MB、6000 万像素，请压缩后再传。"),
        "too_small": _("扫描件太小，短边至少 300 像素，请重新扫描或拍一张清楚的。"),
        "too_many_pages": _("扫描件超过 8 页，请只传证件本身。"),
        "locked": _("PDF 设了密码，请去掉密码后再传。"),
        "not_readable": _("这个文件不是能读的 PDF、JPEG、PNG 或 WebP，请重新扫描后再传。"),
    }
    return words[code]
