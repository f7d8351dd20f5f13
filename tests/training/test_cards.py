"""The card of three-level education: what stands on it, who gets it, what its code leads to."""

import datetime as dt
import io
import json
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.urls import reverse
from pypdf import PdfReader
from pypdfium2 import PdfDocument

from jobs.models import Job, JobState
from jobs.queue import enqueue, run_pending_jobs
from people.dossier import dossier_of
from people.models import Role
from people.permissions import Capability
from tests.factories.people import EmployeeFactory, OrgUnitFactory, RoleGrantFactory, UserFactory
from tests.factories.training import SIGNATURE, ObligationFactory, ProgrammeFactory, TrainingRuleFactory, at
from training.actions.ledger import correct_record
from training.actions.on_site import record_on_site_training
from training.actions.record_signing import sign_records
from training.actions.sealing import seal_ledger
from training.models import Component, Stage
from training.queries.cards import card_of, cards_of
from training.queries.training_file import training_file_of
from training.rendering import card_html, print_cards, print_training_file

pytestmark = pytest.mark.django_db
NOW = at("2026-03-05")


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def unit():
    return OrgUnitFactory(name="一车间")


@pytest.fixture
def obligation(unit):
    programme = ProgrammeFactory(title="新上岗三级安全教育", on_site=[8, 8])
    Component.objects.filter(programme=programme, position=2).update(level="team", title="班组级安全教育")
    return ObligationFactory(
        rule=TrainingRuleFactory(programme=programme),
        employee=EmployeeFactory(name="张伟", user=UserFactory(name="张伟"), assigned__unit=unit),
    )


def held(obligation, position, day, place="一车间培训室"):
    return record_on_site_training(
        obligations=[obligation],
        component=obligation.programme.components.get(position=position),
        held_from=at(day, "08:00"),
        held_to=at(day, "16:00"),
        hours=Decimal(8),
        place=place,
        trainer_name="周师傅",
        acting_user=None,
        now=NOW,
    )


def text_of(pdf):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def content_of(job):
    with job.result_file.open() as file:
        return file.read()


def test_the_file_names_the_place_of_the_day_it_is_here():
    employee = EmployeeFactory(assigned=True, hired_on=dt.date(2026, 3, 5))
    assert training_file_of(employee, at("2026-03-05", "00:30"), None).place


def test_an_unfinished_card_says_so(obligation):
    card = card_of(obligation)
    assert [level.is_done for level in card.levels] == [False, False]
    text = text_of(print_cards([card], id_numbers=[""]))
    assert "未完成，不得独立上岗" in text
    assert "台账里还没有这一级的记录" in text


def test_a_corrected_card_is_still_finished_and_levels_have_the_names_of_the_house(obligation):
    for position, title in ((1, "公司级"), (2, "班组")):
        stage = Stage.objects.create(programme=obligation.programme, position=position, title=title)
        Component.objects.filter(programme=obligation.programme, position=position).update(stage=stage)
    held(obligation, 1, "2026-03-02")
    held(obligation, 2, "2026-03-03")
    card = card_of(obligation)
    assert [level.name for level in card.levels] == ["公司级", "班组"]

    corrected = correct_record(
        record=card.record, trainer_name="郭志强", reason="教员写错", acting_user=None, now=NOW
    )
    assert card_of(obligation).record == corrected


def test_the_card_is_drawn_from_the_ledger(obligation):
    (row,) = held(obligation, 1, "2026-03-02")
    held(obligation, 2, "2026-03-03")
    sign_records(
        record_ids=[row.pk],
        role="trainee",
        signer=obligation.employee,
        signature=SIGNATURE,
        device="phone",
        acting_user=obligation.employee.user,
        now=NOW,
    )
    obligation.refresh_from_db()
    card = card_of(obligation)
    assert not card.is_sealed
    seal_ledger(now=NOW)
    card = card_of(obligation)
    assert card.is_sealed
    assert not card.is_signed
    assert card.record.kind == "programme"
    assert [level.name for level in card.levels] == ["厂级", "班组级"]
    assert [level.hours_held for level in card.levels] == [8, 8]
    first = card.levels[0].rows[0]
    assert [signed and signed.role for signed in first.signatures] == ["trainee", None, None]
    assert first.signatures[0].days_after == 3
    page = card_html(card, id_number="110105********002X")
    assert SIGNATURE in page
    assert 'fill="none"' in page  # the printer draws a path full unless told otherwise
    text = re.sub(r"\s+", "", text_of(print_cards([card], id_numbers=["110105********002X"])))
    for said in (
        "新上岗三级安全教育",
        "张伟",
        "110105********002X",
        "2026-03-02",
        "周师傅",
        "合格",
        f"#{row.seq}",
    ):
        assert said in text
    assert row.leaf_hash[:16] in text


def test_a_text_of_a_person_brings_no_markup(obligation):
    held(obligation, 1, "2026-03-02", place="<b>一</b>车间")
    page = card_html(card_of(obligation), id_number="")
    assert "<b>一</b>" not in page
    assert "&lt;b&gt;" in page


def test_the_same_records_give_the_same_bytes(obligation):
    held(obligation, 1, "2026-03-02")
    card = card_of(obligation)
    assert print_cards([card], id_numbers=[""]) == print_cards([card], id_numbers=[""])


def test_the_statements_do_not_grow_with_the_rows(obligation, django_assert_num_queries):
    held(obligation, 1, "2026-03-02")
    with django_assert_num_queries(6):
        cards_of([obligation])
    held(obligation, 2, "2026-03-03")
    with django_assert_num_queries(6):
        cards_of([obligation])


def office(client, role, unit):
    user = UserFactory()
    user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    RoleGrantFactory(user=user, role=role, unit=unit)
    client.force_login(user)
    return user


def test_the_person_and_those_responsible_get_it_and_nobody_else(client, obligation, unit):
    own = reverse("training:own-card", args=[obligation.public_id])
    in_office = reverse("training_office:card-pdf", args=[obligation.public_id])
    client.force_login(obligation.employee.user)
    assert client.get(own)["Content-Type"] == "application/pdf"
    client.force_login(EmployeeFactory(user=UserFactory(), assigned__unit=unit).user)
    assert client.get(own).status_code == 404
    office(client, Role.HR_OFFICER, unit)
    assert client.get(in_office).status_code == 200
    office(client, Role.HR_OFFICER, OrgUnitFactory())
    assert client.get(in_office).status_code == 404


def test_many_cards_are_printed_by_a_job(client, obligation, unit):
    other = ObligationFactory(rule=obligation.rule, employee=EmployeeFactory(assigned__unit=unit))
    office(client, Role.HR_OFFICER, unit)
    address = reverse("training_office:cards")
    page = client.get(address).content.decode()
    assert "打印这 2 张" in page
    assert client.post(f"{address}?q=张伟").status_code == 302
    run_pending_jobs()
    job = Job.objects.get()
    assert (job.state, job.result) == (JobState.DONE, {"cards": 1})
    assert "张伟" in text_of(content_of(job))
    client.post(address)
    run_pending_jobs()
    second = content_of(Job.objects.exclude(pk=job.pk).get())
    assert len(PdfReader(io.BytesIO(second)).pages) == 2
    assert other.employee.name in text_of(second)


def test_a_job_prints_only_what_its_owner_may_see(obligation, unit, client):
    user = office(client, Role.HR_OFFICER, OrgUnitFactory())
    enqueue(
        "training.tasks.print_level_cards",
        title="x",
        params={"obligation_ids": [obligation.pk]},
        requested_by=user,
    )
    run_pending_jobs()
    assert Job.objects.get().result == {"cards": 0}


def test_the_code_leads_to_what_the_ledger_says(client, obligation):
    (row,) = held(obligation, 1, "2026-03-02")
    page = client.get(reverse("training:card-check", args=[obligation.public_id]))
    text = page.content.decode()
    assert "培训没有完成" in text
    assert row.leaf_hash in text
    assert "张*" in text
    assert "张伟" not in text
    assert page["X-Robots-Tag"].startswith("noindex")
    unknown = "00000000-0000-4000-8000-000000000000"
    assert client.get(reverse("training:card-check", args=[unknown])).status_code == 404


def test_the_training_file_holds_everything_and_the_proofs(client, obligation, tmp_path):
    held(obligation, 1, "2026-03-02")
    held(obligation, 2, "2026-03-03")
    seal_ledger(now=NOW)
    client.force_login(obligation.employee.user)
    reply = client.get(reverse("training:own-file"))
    reader = PdfReader(io.BytesIO(reply.content))
    text = re.sub(r"\s+", "", "".join(page.extract_text() for page in reader.pages))
    for said in (
        "安全教育培训档案",
        "任职与变动",
        "培训台账",
        "外部证件",
        "考试",
        "证书",
        "#3",
        "安全教育卡",
    ):
        assert said in text
    assert sorted(reader.attachments) == ["ledger-1.json", "ledger-2.json", "ledger-3.json"]
    proof = tmp_path / "ledger-1.json"
    proof.write_bytes(reader.attachments["ledger-1.json"][0])
    key = json.loads(proof.read_text(encoding="utf-8"))["seal"]["key"]
    checked = subprocess.run(
        [sys.executable, "tools/check_ledger.py", "--key", key, str(proof)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_reader_gets_the_sections_of_the_own_capabilities(client, obligation, unit):
    held(obligation, 1, "2026-03-02")
    address = reverse("training_office:training-file", args=[obligation.employee.public_id])
    office(client, Role.TEAM_LEADER, unit)
    text = text_of(client.get(address).content)
    assert "培训台账" in text
    titles = {
        title for title, _table in dossier_of(obligation.employee, NOW, frozenset({Capability.VIEW_COVERAGE}))
    }
    assert titles == {"上岗资格", "培训任务", "培训台账", "外部证件"}
    office(client, Role.TRAINER, OrgUnitFactory())
    assert client.get(address).status_code == 404


# The strokes of a name, for the pictures of docs/training-records.md.
NAME = (
    "M120 40L60 60L140 62M100 20L98 160L70 140M150 60L210 50M180 30L178 120L150 170M178 90L230 170"
    "M290 40L260 90L330 80M300 60L295 170M340 50L420 46M380 20L376 150L340 165M360 90L430 120M450 60L520 50L470 150L540 160"
)


def signed_by_all(row, trainer, head):
    for role, signer in (("trainee", row.employee), ("trainer", trainer), ("responsible", head)):
        sign_records(
            record_ids=[row.pk],
            role=role,
            signer=signer,
            signature=NAME,
            device="phone",
            acting_user=None,
            now=NOW,
        )


def test_a_whole_card_is_signed_and_sealed_on_one_page(unit, tmp_path, settings):
    settings.ORGANISATION_NAME = "云山机械厂"
    programme = ProgrammeFactory(title="新上岗三级安全教育（24 学时）", on_site=[8, 8, 8])
    levels = (
        ("factory", "厂级安全教育：安全生产情况、规章制度、权利义务、事故案例"),
        ("workshop", "车间级安全教育：危险因素、工种职责与技能、急救疏散、防护用品"),
        ("team", "班组级安全教育：岗位操作规程、岗位衔接配合、事故案例"),
    )
    for position, (level, title) in enumerate(levels, start=1):
        programme.components.filter(position=position).update(level=level, title=title)
    employee = EmployeeFactory(
        name="张伟", employee_no="1207", user=UserFactory(name="张伟"), assigned__unit=unit
    )
    trainer, head = EmployeeFactory(name="周师傅"), EmployeeFactory(name="郭志强")
    obligation = ObligationFactory(rule=TrainingRuleFactory(programme=programme), employee=employee)
    for position, day in enumerate(("2026-03-02", "2026-03-03", "2026-03-04"), start=1):
        (row,) = held(obligation, position, day)
        signed_by_all(row, trainer, head)
    seal_ledger(now=NOW)
    obligation.refresh_from_db()
    card = card_of(obligation)
    assert card.is_signed
    assert card.is_sealed
    pdf = print_cards([card], id_numbers=["110105********002X"])
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 1
    found = training_file_of(employee, NOW, None)
    whole = print_training_file(
        employee=employee, place=found.place, id_number="110105********002X", sections=found.sections,
        cards=found.cards, seal=found.seal, proofs=found.proofs, printed_for="张伟", now=NOW,
    )  # fmt: skip
    folder = Path(os.environ.get("ANXUE_PICTURES", tmp_path))
    for name, data in (("training-card", pdf), ("training-file", whole)):
        document = PdfDocument(data)
        picture = document[0].render(scale=1.6).to_pil()
        picture.save(folder / f"{name}.png", optimize=True)
        document.close()
        assert picture.width > 900
