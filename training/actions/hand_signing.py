"""Taking a signature: drawn by hand, or the own name typed out and confirmed by those who cannot draw."""

from django.utils.translation import gettext as _

from training.errors import TrainingError
from training.models import SignedBy
from training.signatures import NotASignature, check_signature


def take_signature(
    name: str,
    *,
    signature: str,
    typed_name: str,
    is_confirmed: bool,
    refused: type[TrainingError],
) -> tuple[SignedBy, str]:
    """Return how the person of this name signed and the mark itself: an SVG path (training.signatures), or the name.

    Raises `refused` with what to do if nothing was signed, or what was drawn is no signature.
    """
    if signature:
        try:
            return SignedBy.HAND, check_signature(signature)
        except NotASignature as error:
            raise refused(_("签名太短或没有认出来：请清除后重新签名，写出自己的姓名。")) from error
    if typed_name.strip() == name and is_confirmed:
        return SignedBy.NAME, name
    raise refused(_("还没有签名：请手写签名，或输入自己的姓名“%(name)s”并勾选确认。") % {"name": name})
