"""The legal basis of a rule in words, and whether it may be quoted."""

from django.utils.translation import gettext as _

from training.models import TrainingRule


def basis_text(rule: TrainingRule) -> str:
    """Return the rule's legal basis; one not yet compared with the official text says so."""
    return basis_words(rule.legal_basis, rule.basis_verified)


def basis_words(legal_basis: str, is_verified: bool) -> str:
    """Return a legal basis; one not yet compared with the official text says so."""
    if is_verified:
        return legal_basis
    return _("%(basis)s（条文待核对原文）") % {"basis": legal_basis}
