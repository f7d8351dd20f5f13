"""Jobs in every state."""

import datetime as dt

import factory

from jobs.models import Job


class JobFactory(factory.django.DjangoModelFactory):
    """A queued job."""

    class Meta:
        model = Job

    task = "jobs.schedules.beat"
    title = "导入人员"
    created_at = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
