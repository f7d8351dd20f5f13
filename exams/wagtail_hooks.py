"""What exams add to the back office. Registration only."""

from django.urls import include, path, reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail import hooks
from wagtail.admin.menu import Menu, MenuItem, SubmenuMenuItem

from exams import viewsets
from exams.permissions import is_examiner
from exams.views import office


def _listing(address, view, name):
    """Return the addresses of a list and of its results alone, which searching and filtering fetch."""
    return [
        path(address, view.as_view(), name=name),
        path(f"{address}results/", view.as_view(results_only=True), name=f"{name}-results"),
    ]


@hooks.register("register_admin_urls")
def exam_urls():
    """Register the lists and forms below /admin/exams/."""
    patterns = [
        *_listing("questions/", viewsets.QuestionList, "questions"),
        path("questions/add/", office.question_form, name="question-add"),
        path("questions/preview/", office.question_preview, name="question-add-preview"),
        path("questions/<int:question_id>/", office.question_form, name="question-edit"),
        path("questions/<int:question_id>/preview/", office.question_preview, name="question-preview"),
        path("questions/<int:question_id>/retire/", office.question_retire, name="question-retire"),
        *_listing("banks/", viewsets.BankList, "banks"),
        path("banks/add/", office.bank_form, name="bank-add"),
        path("banks/<int:bank_id>/", office.bank_form, name="bank-edit"),
        *_listing("topics/", viewsets.TopicList, "topics"),
        path("topics/add/", office.topic_form, name="topic-add"),
        path("topics/<int:topic_id>/", office.topic_form, name="topic-edit"),
        *_listing("papers/", viewsets.ExamList, "exams"),
        path("papers/add/", office.exam_form, name="exam-add"),
        path("papers/<int:exam_id>/", office.exam_form, name="exam-edit"),
        *_listing("attempts/", viewsets.AttemptList, "attempts"),
    ]
    return [path("exams/", include((patterns, "exams_office")))]


class ExaminerMenuItem(MenuItem):
    """An entry for those who manage exams."""

    def is_shown(self, request):
        """Hide the entry from everyone else."""
        return is_examiner(request.user)


class ResultsMenuItem(MenuItem):
    """An entry for those who may see results."""

    def is_shown(self, request):
        """Hide the entry from everyone else."""
        return viewsets.sees_results(request.user)


@hooks.register("register_admin_menu_item")
def exam_menu():
    """Put exams into the menu; it disappears with its last entry."""
    entries = [
        ExaminerMenuItem(
            pgettext_lazy("plural", "试题"),
            reverse_lazy("exams_office:questions"),
            icon_name="help",
            order=10,
        ),
        ExaminerMenuItem(
            pgettext_lazy("plural", "考试"), reverse_lazy("exams_office:exams"), icon_name="form", order=20
        ),
        ResultsMenuItem(
            pgettext_lazy("plural", "答卷"),
            reverse_lazy("exams_office:attempts"),
            icon_name="tasks",
            order=30,
        ),
        ExaminerMenuItem(
            pgettext_lazy("plural", "题库"), reverse_lazy("exams_office:banks"), icon_name="folder", order=40
        ),
        ExaminerMenuItem(
            pgettext_lazy("plural", "知识点"), reverse_lazy("exams_office:topics"), icon_name="tag", order=50
        ),
    ]
    return SubmenuMenuItem(
        pgettext_lazy("plural", "考试"), Menu(items=entries), name="exams", icon_name="list-ol", order=400
    )


@hooks.register("register_log_actions")
def register_log_actions(actions):
    """Name the actions exams write to the audit log."""
    for code, label in (
        ("exams.bank.save", _("保存题库")),
        ("exams.bank.questions", _("保存试题")),
        ("exams.topic.save", _("保存知识点")),
        ("exams.question.retire", _("停用试题")),
        ("exams.question.restore", _("恢复试题")),
        ("exams.exam.save", _("保存考试")),
    ):
        actions.register_action(code, label, label)
