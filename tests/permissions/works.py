"""A works with two sibling plants, someone of every role over the first, and one of each object in both.

The objects of each room are made in tests/permissions/objects/.
"""

import datetime as dt

from django.core.files.base import ContentFile

from courses.actions.study import open_session
from courses.scorm.serving import Ticket, ticket_text
from people.actions.roles import grant_role
from people.models import Employee, OrgUnit, Role, RoleGrant
from tests.factories.courses import CourseFactory
from tests.factories.jobs import JobFactory
from tests.factories.packages import make_package
from tests.factories.people import EmployeeFactory, PostFactory, UserFactory, org_path
from tests.permissions.objects import NOW, PLACES, STAFF, TODAY, Works
from tests.permissions.objects.content import share_content, share_library
from tests.permissions.objects.exams import add_exam, add_marking, add_practice, add_sitting
from tests.permissions.objects.people import add_organisation, add_other_systems
from tests.permissions.objects.training import add_access, add_pushes, add_rules, add_training
from training.actions.sealing import seal_ledger


def build() -> Works:
    """Make the works."""
    works = Works()
    plants = {
        "own": org_path("东方公司/一厂"),
        "near": org_path("东方公司/一厂"),
        "far": org_path("东方公司/二厂"),
    }
    plants = {place: OrgUnit.objects.get(pk=plant.pk) for place, plant in plants.items()}
    people = {
        place: EmployeeFactory(
            assigned__unit=org_path(f"东方公司/{plant.name}/甲班"), assigned__post=PostFactory()
        )
        for place, plant in plants.items()
    }
    _users(works, plants["near"], people["own"])
    lessons = share_content(works)
    share_library(works)
    course = CourseFactory(lessons=lessons)
    package = make_package(now=NOW)
    works.share("package", pk=package.pk)
    for place in PLACES:
        add_organisation(works, place, plants[place], people[place])
        add_other_systems(works, place, plants[place], people[place])
        exam = add_exam(works, place, plants[place], people[place])
        add_sitting(works, place, plants[place], people[place], exam)
        add_marking(works, place, plants[place], people[place])
        add_practice(works, place, plants[place], people[place])
        add_training(works, place, people[place], course, exam)
        add_rules(works, place, plants[place], people[place])
        add_pushes(works, place, plants[place], people[place])
        add_access(works, place, plants[place], people[place])
        open_session(employee=people[place], lesson=lessons[0], device=f"phone-{place}", now=NOW)
        session = people[place].play_sessions.get()
        works.add("study session", place, session_id=session.public_id)
        ticket = ticket_text(
            Ticket(package.pk, people[place].user.pk, session.public_id, "http://testserver")
        )
        works.add("package file", place, ticket=ticket, path="index.html")
        job = JobFactory(requested_by=people[place].user)
        job.result_file.save("结果.xlsx", ContentFile(b"x"))
        works.add("job", place, job_id=job.pk)
    seal_ledger(now=NOW)
    return works


def _users(works: Works, plant: OrgUnit, learner: Employee) -> None:
    works.users = {"anonymous": None, "learner": learner.user}
    for name, role in STAFF.items():
        user = UserFactory(username=name)
        works.users[name] = user
        grant_role(user=user, role=role, unit=plant, starts_on=TODAY, acting_user=None, now=NOW)
    works.users["superuser"] = UserFactory(username="superuser", superuser=True)
    # Left, and the grant was never ended: the account alone must keep the door shut.
    gone = EmployeeFactory(left=True, assigned__unit=plant, user__is_active=False)
    works.users["leaver"] = gone.user
    RoleGrant.objects.create(user=gone.user, role=Role.HR_OFFICER, unit=plant, starts_on=dt.date(2026, 1, 1))
