"""The objects of the room of people: employees, units, accounts, grants, personal data, and other systems."""

import datetime as dt

from django.core.files.base import ContentFile

from common.signing import encrypt_text
from people.actions.holds import place_hold
from people.actions.kiosks import register_kiosk
from people.actions.tickets import issue_sign_in_tickets
from people.models import (
    Employee,
    EmployeePhoto,
    ErasureRequest,
    ImportBatch,
    OrgUnit,
    PersonalDataCopy,
    RetentionRule,
    Role,
    RoleGrant,
)
from tests.factories.api import make_token as make_api_token
from tests.factories.directories import DirectorySourceFactory
from tests.factories.jobs import JobFactory
from tests.factories.people import EmployeeFactory, PostFactory, RoleGrantFactory, UserFactory
from tests.factories.training import EmploymentEventFactory
from tests.permissions.objects import NOW, TODAY, Works


def add_other_systems(works: Works, place: str, plant: OrgUnit, person: Employee) -> None:
    grant, token = make_api_token(unit=plant, account=RoleGrantFactory(role=Role.HR_OFFICER, unit=plant).user)
    works.add("token", place, grant_id=grant.pk)
    if place == "near":
        works.token, works.users["token"] = token, None
    source = DirectorySourceFactory(name=f"目录{place}", root_unit=plant, tenant=f"ww-{place}")
    job = JobFactory(requested_by=person.user)
    works.add("directory", place, source_id=source.pk, job_id=job.pk)
    works.share("directory product", kind="wecom")
    kiosk, link = register_kiosk(name="门口", unit=plant, acting_user=None, now=NOW)
    works.add("kiosk", place, kiosk_id=kiosk.pk)
    works.add("pairing link", place, token=link)
    works.add("person of the API", place, employee_no=person.employee_no, user_id=person.public_id)
    works.add("unit of the API", place, group_id=plant.pk)
    works.add("job of the API", place, job_id=job.pk)
    works.share("shape", name="User")
    works.share("path", path="nothing")
    works.share("provider", provider_id="nobody")


def add_organisation(works: Works, place: str, plant: OrgUnit, person: Employee) -> None:
    works.add("employee", place, public_id=person.public_id, pk=person.pk, **{"=employee": person.public_id})
    works.add("unit", place, unit_id=plant.pk, pk=plant.pk, **{"?unit": plant.pk})
    works.add("change of a person", place, public_id=person.public_id, kind="transfer")
    event = EmploymentEventFactory(employee=person, effective_on=person.hired_on, to_unit=plant)
    works.add("event", place, event_id=event.pk)
    _personal_data(works, place, plant, person)
    works.add("unit above", place, **{"?parent": plant.pk})
    batch = ImportBatch.objects.create(source="file", applied_by=person.user, applied_at=NOW)
    works.add("import batch", place, batch_id=batch.pk)
    works.add("account", place, pk=person.user.pk)
    works.add("role of a person", place, **{"?person": person.user.username})
    held = RoleGrant.objects.create(user=UserFactory(), role=Role.TRAINER, unit=plant, starts_on=TODAY)
    works.add("grant", place, grant_id=held.pk)
    ticket = issue_sign_in_tickets(users=[person.user], acting_user=None, now=NOW)[0]
    works.add("sign-in slip", place, token=ticket.token)


def _personal_data(works: Works, place: str, plant: OrgUnit, person: Employee) -> None:
    """Note an identity number, a photograph, a copy, an erasure asked for and a legal hold."""
    Employee.objects.filter(pk=person.pk).update(id_number_encrypted=encrypt_text("11010519491231002X"))
    photo = EmployeePhoto(employee=person, sha256="0" * 64, uploaded_by=person.user, uploaded_at=NOW)
    photo.file.save("photo.jpg", ContentFile(b"x"))
    copy = PersonalDataCopy(employee=person, requested_by=person.user, requested_at=NOW, made_at=NOW)
    copy.expires_at = NOW + dt.timedelta(days=1)
    copy.file.save("copy.zip", ContentFile(b"x"))
    copy.save()
    works.add("copy", place, public_id=copy.public_id, copy_id=copy.public_id)
    left = EmployeeFactory(left=True, assigned__unit=plant, assigned__post=PostFactory())
    asked = ErasureRequest.objects.create(
        employee=left, what=["photo"], reason="已离职", requested_by=person.user, requested_at=NOW
    )
    works.add("erasure", place, request_id=asked.pk)
    hold = place_hold(kind="unit", reason="调查", starts_on=TODAY, unit=plant, acting_user=None, now=NOW)
    works.add("hold", place, hold_id=hold.pk)
    works.share("retention rule", rule_id=RetentionRule.objects.order_by("pk").first().pk)
