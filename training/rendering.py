"""The card of three-level education and the training file of a person as PDFs, A4 upright: WeasyPrint over templates/pdf."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from weasyprint import HTML, Attachment
from weasyprint.text.fonts import FontConfiguration

from common.printing import STATIC_SCHEME, OwnFilesOnly, qr_svg
from people.models import Employee

if TYPE_CHECKING:
    from people.dossier import DossierTable
    from training.models import LedgerSeal
    from training.queries.cards import Card

SHORT_HASH = 16  # characters of a row's hash on paper; the page behind the QR and the ledger show all 64


def card_url(card: "Card") -> str:
    """Return the address in the QR: the page that shows what the ledger says of this card now."""
    path = reverse("training:card-check", args=[card.obligation.public_id])
    return f"{settings.PUBLIC_BASE_URL}{path}"


def card_html(card: "Card", *, id_number: str) -> str:
    """Return the page WeasyPrint prints. `id_number` is masked. Every text is escaped."""
    context = {
        "card": card,
        "id_number": id_number,
        "qr": qr_svg(card_url(card)),
        "short": f":{SHORT_HASH}",
        "organisation": settings.ORGANISATION_NAME,
    }
    # The card is a Chinese form, whatever language the reader's screens are in.
    with translation.override(settings.LANGUAGE_CODE):
        return render_to_string("pdf/level_card.html", context)


def print_training_file(
    *,
    employee: Employee,
    place: str,
    id_number: str,
    sections: Sequence[tuple[str, "DossierTable"]],
    cards: Sequence["Card"],
    seal: "LedgerSeal | None",
    proofs: Mapping[int, Mapping[str, Any]],
    printed_for: str,
    now: dt.datetime,
) -> bytes:
    """Return the training file of one person as a PDF: the sections, then the cards, with the proofs attached.

    Each proof is attached as `ledger-<seq>.json`, which tools/check_ledger.py checks without this platform.
    Raises RenderingFailed if a page asks for anything from outside.
    """
    fonts = FontConfiguration()
    context = {
        "employee": employee,
        "place": place,
        "id_number": id_number,
        "sections": sections,
        "seal": seal,
        "proof_count": len(proofs),
        "printed_for": printed_for,
        "now": now,
        "organisation": settings.ORGANISATION_NAME,
        "short": f":{SHORT_HASH}",
    }
    with translation.override(settings.LANGUAGE_CODE):
        page = render_to_string("pdf/training_file.html", context)
    pages = [page] + [card_html(card, id_number=id_number) for card in cards]
    documents = [
        HTML(string=page, base_url=STATIC_SCHEME, url_fetcher=OwnFilesOnly()).render(font_config=fonts)
        for page in pages
    ]
    joined = documents[0].copy([page for document in documents for page in document.pages])
    joined.metadata.attachments = [
        Attachment(
            string=json.dumps(proof, ensure_ascii=False, indent=1),
            name=f"ledger-{seq}.json",
            description=f"#{seq}",
            created=now,
            modified=now,
        )
        for seq, proof in proofs.items()
    ]
    return bytes(joined.write_pdf())


def print_cards(
    cards: Sequence["Card"],
    *,
    id_numbers: Sequence[str],
    progress: Callable[[int], None] = lambda done: None,
) -> bytes:
    """Return one PDF of these cards, each with page numbers of its own. The same records give the same bytes.

    `id_numbers` are the masked numbers of their people, in the same order; `progress` hears how many are laid out.
    Raises ValueError for no cards; RenderingFailed if a page asks for anything from outside.
    """
    if not cards:
        raise ValueError("no cards to print")
    fonts = FontConfiguration()
    digest = hashlib.sha256()
    documents = []
    for done, (card, id_number) in enumerate(zip(cards, id_numbers, strict=True), start=1):
        page = card_html(card, id_number=id_number)
        digest.update(page.encode())
        html = HTML(string=page, base_url=STATIC_SCHEME, url_fetcher=OwnFilesOnly())
        documents.append(html.render(font_config=fonts))
        progress(done)
    pages = [page for document in documents for page in document.pages]
    return bytes(documents[0].copy(pages).write_pdf(pdf_identifier=digest.digest()[:16]))
