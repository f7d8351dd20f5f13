"""The legal basis of a rule in words, and whether it may be quoted."""

from django.utils.translation import gettext as _

from training.models import TrainingRule


def basis_text(rule: TrainingRule) -> str:
    """Return the rule's legal basis; one not yet compared with the official text says so."""
    if rule.basis_verified:
        return rule.legal_basis
    return _("%(basis)s（条文待核对原文）") % {"basis": rule.legal_basis}
