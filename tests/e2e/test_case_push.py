"""A learner on a phone: the pushed case with its clock, study, quiz, and the reflection signed by hand."""

import datetime as dt
import json

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from courses.models import StudyRecord
from courses.queries import pinned_content
from courses.signals import StudyCompleted, study_completed
from exams.actions.bank import save_questions
from exams.models import Attempt
from tests.browser import (
    browser,
    browser_context,
    browser_page,
    draw_signature,
    wait_for_scripts,
    wait_for_study,
)
from tests.factories.exams import BankFactory, TopicFactory, answer, right_response, submit, true_false
from tests.factories.people import EmployeeFactory, org_path
from tests.factories.training import REFLECTION, make_case, post_with, push_to_all
from training.actions.exam_component import start_component_exam
from training.actions.pushes import Quiz
from training.models import ObligationState, Reflection, TrainingRecord

__all__ = ["browser", "browser_context", "browser_page"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def pushed():
    """A case of today, pushed to one person with a quiz of one question."""
    now = timezone.now()
    bank, topic = BankFactory(), TopicFactory()
    save_questions(bank=bank, drafts=[true_false(topic, "T-1")], acting_user=None, now=now)
    post = post_with("机械伤害试验", name="冲压工")
    person = EmployeeFactory(name="李秀英", assigned__unit=org_path("总厂/一车间/甲班"), assigned__post=post)
    case = make_case(["机械伤害试验"], title="手被卷入冲床", measures="先停机\n再伸手")
    push = push_to_all(case, now=now, days=3, quiz=Quiz(bank, 1))
    return person, case, push


def study(person, case):
    """Prove the study; how that is earned second by second is the study page's own test."""
    now = timezone.now()
    record = StudyRecord.objects.create(
        employee=person,
        lesson_id=case.pk,
        lesson_title=case.title,
        revision_id=case.live_revision_id,
        content_sha256=pinned_content(case).content_sha256,
        started_at=now - dt.timedelta(minutes=5),
        completed_at=now,
    )
    study_completed.send(sender=None, event=StudyCompleted(record.pk, person.pk, case.pk, now))


def pass_quiz(attempt):
    """Answer the one question right and hand in; the exam page has tests of its own."""
    now = timezone.now()
    answer(attempt, {1: right_response(attempt, 1)}, now=now)
    submit(attempt, now=now)


def test_from_the_home_screen_to_the_signed_reflection(browser_page, pushed):
    person, case, push = pushed
    page = browser_page(user=person.user)
    page.goto("/")
    expect(page.locator("a.task")).to_contain_text("案例学习：手被卷入冲床")
    expect(page.locator("a.task")).to_contain_text("还剩 3 天")
    page.locator("a.task").click()
    expect(page.get_by_text("四不放过")).to_be_visible()
    page.get_by_role("link", name="继续：手被卷入冲床").click()
    expect(page.get_by_role("heading", name="手被卷入冲床", level=1)).to_be_visible()
    wait_for_scripts(page)
    wait_for_study(page)

    study(person, case)
    page.goto("/")
    page.get_by_role("link", name="去考试").click()
    page.get_by_role("button", name="开始考试").click()
    expect(page.locator("#state")).to_contain_text("可以作答")
    pass_quiz(Attempt.objects.get(employee=person))

    page.goto("/")
    page.get_by_role("link", name="写感悟并签字").click()
    expect(page.get_by_text("我是冲压工")).to_be_visible()
    wait_for_scripts(page)
    text = page.get_by_label("我的感悟")
    text.fill("太短")
    draw_signature(page)
    page.get_by_role("button", name="签字并提交").click()
    expect(page.get_by_role("alert").filter(has_text="至少写 30 个字")).to_be_visible()
    wait_for_scripts(page)

    # What was written stays on the device until the server has it, whatever happens to the page.
    text.fill(REFLECTION)
    page.goto("/")
    page.get_by_role("link", name="写感悟并签字").click()
    expect(text).to_have_value(REFLECTION)
    page.context.set_offline(True)
    page.get_by_role("button", name="签字并提交").click()
    expect(page.get_by_role("alert").filter(has_text="没有网络")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_role("alert").filter(has_text="没有网络")).to_be_hidden()
    page.get_by_role("button", name="签字并提交").click()
    expect(page.get_by_text("已收到你的感悟和签名")).to_be_visible()
    expect(page.get_by_role("img", name="手写签名")).to_be_visible()
    page.wait_for_function("() => Object.keys(localStorage).every(key => !key.startsWith('reflection-'))")

    written = Reflection.objects.get()
    assert written.text == REFLECTION
    assert written.content_sha256 == push.content_sha256
    assert written.signature.mark.startswith("M")
    assert written.obligation.state == ObligationState.DONE
    kinds = [item["kind"] for item in json.loads(TrainingRecord.objects.get().payload)["content"]]
    assert kinds == ["lesson", "exam", "reflection"]


def test_without_javascript_the_name_is_typed(browser_context, pushed):
    person, case, _push = pushed
    study(person, case)
    obligation = person.obligations.get()
    component = obligation.programme.components.get(kind="exam")
    pass_quiz(
        start_component_exam(
            obligation=obligation, component=component, employee=person, device="", now=timezone.now()
        )
    )
    page = browser_context(user=person.user, java_script_enabled=False).new_page()
    page.goto("/")
    page.get_by_role("link", name="写感悟并签字").click()
    page.get_by_label("我的感悟").fill(REFLECTION)
    page.get_by_label("签字人姓名").fill("李秀英")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="签字并提交").click()
    expect(page.get_by_text("签名（输入）：李秀英")).to_be_visible()
