"""The form editors write a course with: courses that wait for each other are refused."""

from collections import defaultdict

from django.utils.translation import gettext as _
from wagtail.admin.forms import WagtailAdminPageForm

from courses.ordering import circle


class CourseForm(WagtailAdminPageForm):
    """Refuses a course among its own prerequisites, directly or round a circle, published or still a draft."""

    def clean(self):
        """Say at the course that closes the circle which way it goes."""
        cleaned = super().clean()
        formset = self.formsets.get("prerequisites")
        if formset is None or not formset.is_valid():
            return cleaned
        chosen = {
            form.cleaned_data["needed"].pk: form
            for form in formset.forms
            if form.cleaned_data.get("needed") and not form.cleaned_data.get("DELETE")
        }
        needs, titles = self._other_courses()
        here = self.instance.pk or 0
        titles[here] = cleaned.get("title") or self.instance.title
        for needed, form in chosen.items():
            way = circle(here, needs | {here: {needed}})
            if way:
                form.add_error(
                    "needed",
                    _("先修课程绕成了圈，谁也打不开：%(way)s。请删去其中一个。")
                    % {"way": " → ".join(titles[one] for one in way)},
                )
        return cleaned

    def _other_courses(self):
        """Return what every other course needs, drafts included, and what the courses are called."""
        model = type(self.instance)
        needs, titles = defaultdict(set), {}
        for course in model.objects.exclude(pk=self.instance.pk).prefetch_related("prerequisites"):
            titles[course.pk] = course.title
            needs[course.pk] |= {entry.needed_id for entry in course.prerequisites.all()}
            if course.has_unpublished_changes:
                draft = course.get_latest_revision_as_object()
                needs[course.pk] |= {entry.needed_id for entry in draft.prerequisites.all()}
        return needs, titles
