"""What people signed by hand for a component, with the ink as far as it was not lawfully erased."""

from django.db.models import Q, QuerySet

from people.models import Employee
from training.models import Component, LetterSignature, Obligation, PracticalCheck


def letters() -> QuerySet[LetterSignature]:
    """Return the signed letters, each with its ink: one statement, however many are shown."""
    return LetterSignature.objects.select_related("component", "ink").order_by("signed_at", "pk")


def letters_of(obligation: Obligation) -> QuerySet[LetterSignature]:
    """Return the letters signed for an obligation."""
    return letters().filter(obligation=obligation)


def letters_by(employee: Employee) -> QuerySet[LetterSignature]:
    """Return the letters a person signed."""
    return letters().filter(employee=employee)


def checks() -> QuerySet[PracticalCheck]:
    """Return the practical checks, each with its ink: one statement, however many are shown."""
    return PracticalCheck.objects.select_related("component", "mentor", "ink").order_by("-checked_at", "-pk")


def checks_of(obligation: Obligation, component: Component) -> QuerySet[PracticalCheck]:
    """Return the checks made for one component of an obligation, the latest first."""
    return checks().filter(obligation=obligation, component=component)


def checks_by(employee: Employee) -> QuerySet[PracticalCheck]:
    """Return the checks a person signed as the mentor.

    Also those the person's account signed before it belonged to an employee.
    """
    return checks().filter(Q(mentor=employee) | Q(mentor__isnull=True, checked_by__employee=employee))
