import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from certificates.actions.templates import save_template
from certificates.models import CertificateTemplate
from tests.factories.certificates import CertifiedProgrammeFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


def save(**changes):
    fields = {"code": "pre-job", "title": "合格证书", "body": "{name}合格。", "acting_user": None}
    return save_template(**{**fields, **changes})


def test_template_is_made_and_then_brought_to_the_new_state():
    programme = CertifiedProgrammeFactory(template=False)
    first = save(programmes=[programme], valid_months=12)
    second = save(title="培训合格证书", acting_user=UserFactory(superuser=True))
    assert first == second
    template = CertificateTemplate.objects.get()
    assert (template.title, template.valid_months, template.number_prefix) == ("培训合格证书", None, "AX")
    assert not template.programmes.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"body": "{salary}"}, "body"),
        ({"footnote": "{name"}, "footnote"),
        ({"number_prefix": "ax"}, "number_prefix"),
        ({"title": ""}, "title"),
    ],
)
def test_template_that_cannot_be_printed_is_refused(changes, field):
    with pytest.raises(ValidationError) as caught:
        save(**changes)
    assert list(caught.value.message_dict) == [field]
    assert not CertificateTemplate.objects.exists()


def test_person_without_the_permission_is_refused():
    with pytest.raises(PermissionDenied):
        save(acting_user=UserFactory())
    assert not CertificateTemplate.objects.exists()
