import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.models import PageWords
from courses.queries import ranked_pages
from people.models import WorkFeature
from tests.factories.courses import (
    CourseFactory,
    OperatingRuleFactory,
    PolicySpeechFactory,
    WarningCaseFactory,
    learning_home,
)
from tests.factories.people import AssignmentFactory, EmployeeFactory, HazardFactory, PostFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def learner(client):
    employee = EmployeeFactory()
    client.force_login(employee.user)
    return employee


def shown(client, **query):
    response = client.get(learning_home().url, query)
    assert response.status_code == 200
    return response.context_data["found"]


def titles(found):
    return [(hit.course or hit.item.lesson).title for hit in found.hits]


def counts(found, name):
    return {
        str(option.words): option.count
        for facet in found.facets
        if facet.name == name
        for option in facet.options
    }


class TestFacets:
    def test_combine_and_count(self, client, learner):
        hazard, post = HazardFactory(name="触电"), PostFactory(name="电工")
        case = WarningCaseFactory(title="案", hazards=[hazard], industry="machinery")
        rule = OperatingRuleFactory(title="规", hazards=[hazard], posts=[post])
        PolicySpeechFactory(title="讲")
        CourseFactory(title="课", lessons=[rule])
        found = shown(client, list="1")
        assert set(titles(found)) == {"案", "规", "讲", "课"}
        assert counts(found, "kind") == {"讲话": 1, "案例": 1, "规程": 1, "课程": 1}
        assert counts(found, "industry") == {"机械制造": 1}
        found = shown(client, hazard=hazard.pk, kind=["case", "course"])
        assert set(titles(found)) == {"案", "课"}
        assert counts(found, "kind") == {"案例": 1, "规程": 1, "课程": 1}
        assert titles(shown(client, hazard=hazard.pk, industry="machinery")) == [case.title]
        assert titles(shown(client, q="规", kind="rule")) == ["规"]

    def test_equipment_and_processes_narrow_too(self, client, learner):
        crane = WorkFeature.objects.create(kind="equipment", name="桥式起重机")
        entry = WorkFeature.objects.create(kind="process", name="受限空间作业")
        rule = OperatingRuleFactory(title="规", work_features=[crane])
        WarningCaseFactory(title="案", work_features=[crane, entry])
        CourseFactory(title="课", lessons=[rule])
        assert counts(shown(client, list="1"), "work") == {"桥式起重机": 3, "受限空间作业": 1}
        assert set(titles(shown(client, work=crane.pk))) == {"规", "案", "课"}
        assert titles(shown(client, work=entry.pk, kind="case")) == ["案"]
        assert titles(shown(client, work="9" * 30)) == []

    def test_for_my_post_is_a_link(self, client, learner):
        post = PostFactory()
        AssignmentFactory(employee=learner, post=post, starts_on=learner.hired_on)
        PolicySpeechFactory(title="给我的", posts=[post])
        PolicySpeechFactory(title="给别人的", posts=[PostFactory()])
        found = shown(client)
        assert not found.is_asked
        assert found.mine_count == 1
        response = client.get(f"{learning_home().url}?{found.mine}")
        assert titles(response.context_data["found"]) == ["给我的"]
        assert response.context_data["found"].is_mine
        assert 'aria-current="true"' in response.content.decode()

    def test_what_nobody_may_read_is_not_counted(self, client, learner):
        PolicySpeechFactory(live=False)
        PolicySpeechFactory().view_restrictions.create(restriction_type="groups")
        found = shown(client, list="1")
        assert (titles(found), found.facets) == ([], [])

    @pytest.mark.parametrize("query", [{"hazard": "x"}, {"post": "9" * 30}, {"kind": "<b>"}, {"page": "-1"}])
    def test_odd_addresses_are_answered(self, client, learner, query):
        PolicySpeechFactory()
        assert (
            "<b>"
            not in client.get(learning_home().url, query | {"list": "1"}).content.decode().split("<h2")[0]
        )

    def test_pages_keep_the_choice(self, client, learner):
        for _ in range(21):
            PolicySpeechFactory()
        html = client.get(learning_home().url, {"kind": "speech", "q": "讲话"}).content.decode()
        assert "1 / 2" in html
        assert re.search(r'href="\?[^"]*kind=speech[^"]*page=2"', html)

    def test_statements_do_not_grow_with_the_rows(self, client, learner):
        taken = []
        for _ in range(2):
            for _ in range(len(taken) * 2 or 1):
                lesson = WarningCaseFactory(hazards=[HazardFactory()], posts=[PostFactory()])
                CourseFactory(title="警示案例课程", lessons=[lesson])
            client.get(learning_home().url, {"q": "警示案例"})
            with CaptureQueriesContext(
                connection,
            ) as statements:
                assert len(titles(shown(client, q="警示案例"))) == (2 if not taken else 6)
            taken.append(len(statements))
        assert taken[0] == taken[1] <= 30


class TestSearch:
    def test_title_before_head_before_facts_before_body(self):
        said = "高处坠落防护"
        body = PolicySpeechFactory(body=[("text", f"<p>{said}</p>")]).pk
        facts = PolicySpeechFactory(study_points=said).pk
        head = PolicySpeechFactory(summary=said).pk
        title = PolicySpeechFactory(title=said).pk
        partly = PolicySpeechFactory(title="高处坠物").pk
        assert list(ranked_pages(said)) == [title, head, facts, body, partly]

    def test_is_one_statement(self, django_assert_num_queries):
        PolicySpeechFactory(title="动火")
        with django_assert_num_queries(1):
            assert len(ranked_pages("动火作业 监护人 动火作业监护人" * 3)) == 0
        with django_assert_num_queries(1):
            assert len(ranked_pages("电焊")) == 1
        with django_assert_num_queries(0):
            assert ranked_pages("怎么办") == {}

    def test_a_found_word_is_marked_and_escaped(self, client):
        client.force_login(UserFactory())
        PolicySpeechFactory(title="动火<i>票</i>", summary="先看作业票")
        html = client.get(learning_home().url, {"q": "动火作业票"}).content.decode()
        assert "<mark>动火</mark>&lt;i&gt;" in html
        assert "<mark>作业票</mark>" in html

    def test_words_follow_what_is_published(self):
        lesson = PolicySpeechFactory(title="旧名")
        lesson.title = "新名"
        lesson.save_revision()
        assert PageWords.objects.get(pk=lesson.pk).title == "旧名"
        lesson.get_latest_revision().publish()
        assert PageWords.objects.get(pk=lesson.pk).title == "新名"
        lesson.delete()
        assert not PageWords.objects.exists()
