"""Whatever leads to a person is in the copy the person may ask for, or in a written list with a reason."""

import pytest
from django.apps import apps
from django.conf import settings

from people.personal_data import providers

PERSON = {"people.Employee", settings.AUTH_USER_MODEL}

# Models with a foreign key to a person that are not copied, and why. A new model belongs to a provider; here it
# stands only if it says nothing about the person as such.
EXCEPTIONS = {
    "people.ApiGrant": "names who made a token for another system",
    "people.ApiReply": "the answer another system got, kept so that a repeated call is done once",
    "people.Kiosk": "names who registered a tablet",
    "people.UnitEvent": "what happened to a unit, and who noted it",
    "people.UnitPlacement": "where a unit hung from when to when",
    "socialaccount.SocialToken": "a key to a provider; not kept here",
    "people.ImportBatch": "names who applied a list; of people only what stands in the rows it left out",
    "people.ImportMapping": "names who said what the columns of a list hold",
    "training.LedgerCheckpoint": "names who took the root of the ledger out of the house; it says nothing about anyone",
    "people.LegalHold": "an investigation may not be given away to whom it concerns; auditors see the list",
    "exams.KeyCorrection": "names who corrected a key; the question is the organisation's",
    "exams.PairToldApart": "names who told two questions apart; the questions are the organisation's",
    "exams.PaperTime": "names who typed when a paper was sat; the paper is the organisation's",
    "exams.PaperForm": "names who drew a parallel form; the paper is the organisation's",
    "exams.PrintedPaper": "names who printed a paper; the paper is the organisation's",
    "exams.MarkingClaim": "names who has an answer in hand, for half an hour; the answer is in the copy",
    "exams.Campaign": "names who made a campaign",
    "exams.SpotRound": "names who began a test on the spot; whom it asked are seats and results",
    "exams.PreparedPaper": "a paper nobody has seen; begun, it is the attempt's, and else it is thrown away",
    "exams.Sitting": "names who planned and who invigilates it; who sat there is in the copy",
    "exams.QuestionMedia": "names who uploaded it",
    "exams.QuestionReview": "names who reviewed a question; the question is the organisation's",
    "training.TrainingParameter": "names who changed a number of the rules",
    "training.CasePush": "names who put a case before others; whom it reached are obligations",
    "training.PushEnd": "names who ended a push",
    "training.CaseFile": "names who opened the file of a case; the case is the organisation's",
    "training.DispensationDecision": "names who decided a request; what was decided stands with the request in the copy",
    "training.OccurrenceWithdrawal": "names who took an entry back; the entry and its reason are in the copy",
    "training.GateEntry": "names who recorded a step of handling a case; the record is the organisation's",
    "exams.QuestionVersion": "names the author of a question; the question is the organisation's",
    "courses.Film": "names who uploaded it",
    "courses.Package": "names who uploaded it",
    "courses.Picture": "names who uploaded it",
    "courses.Attachment": "names who uploaded it",
    "wagtaildocs.Document": "names who uploaded it; not used, courses.Attachment takes its place",
    "wagtailimages.Image": "names who uploaded it; not used, courses.Picture takes its place",
    "wagtailmedia.Media": "names who uploaded it; not used, courses.Film takes its place",
    "wagtailcore.APIToken": "a key of a program, shown to whoever made it and kept as a digest",
    "wagtailcore.Page": "names owner and lock; content is the organisation's",
    "wagtailcore.Revision": "names who saved a state of a page; what was done is in the page log",
    "wagtailcore.TaskState": "names who decided in a workflow; what was done is in the page log",
    "wagtailcore.WorkflowState": "names who asked in a workflow; what was done is in the page log",
    "wagtailcore.Comment": "a remark on content, shown where it was made",
    "wagtailcore.CommentReply": "a remark on content, shown where it was made",
    "wagtailcore.PageSubscription": "which pages an editor follows: a setting, shown and changed by its owner",
    "wagtailcore.GroupApprovalTask": "names groups",
    "wagtailadmin.EditingSession": "who has an editor open now; gone within minutes",
    "wagtailadmin.FormState": "a form not saved yet; gone with the session",
    "wagtailusers.UserProfile": "display settings of the back office, shown and changed by their owner",
    "wagtailcore.UploadedFile": "an upload not finished yet",
    "access.Gate": "names who registered a gate",
    "access.Hook": "names who had another system told",
    "courses.FilmUpload": "an upload not finished yet; gone after two days",
}


def leads_to_a_person():
    """Return the models with a foreign key, a one-to-one or a many-to-many to a person, by label."""
    found = {}
    for model in apps.get_models():
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None)
            if not getattr(field, "concrete", False) or not target or isinstance(target, str):
                continue
            if target._meta.label in PERSON and not model._meta.proxy:
                found.setdefault(model._meta.label, []).append(field.name)
    return found


def covered():
    return {label for provider in providers() for label in provider.models}


def test_every_model_about_a_person_is_copied_or_excepted():
    missing = {
        label: fields
        for label, fields in leads_to_a_person().items()
        if label not in covered() and not excepted(label)
    }
    assert missing == {}


def excepted(label):
    model = apps.get_model(label)
    parents = {parent._meta.label for parent in model._meta.get_parent_list()}
    return label in EXCEPTIONS or bool(parents & EXCEPTIONS.keys())


def test_every_model_below_one_of_a_person_is_copied_too():
    """An answer leads to its attempt, which leads to a person: one more step is followed within our rooms."""
    rooms = {"people", "exams", "courses", "training", "access", "certificates", "notices", "jobs"}
    about = {label for label in covered() if label not in PERSON and label.split(".")[0] in rooms}
    # These are chosen or named by facts about people, and are about nobody.
    about -= {"jobs.Job", "people.OrgUnit"}
    missing = set()
    for model in apps.get_models():
        if model._meta.app_label not in rooms or model._meta.label in covered() | EXCEPTIONS.keys():
            continue
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None)
            if getattr(field, "concrete", False) and target and target._meta.label in about:
                missing.add(f"{model._meta.label}.{field.name}")
    assert missing == set()


@pytest.mark.parametrize("label", sorted({*EXCEPTIONS, *covered()}) if apps.ready else [])
def test_what_the_lists_name_exists(label):
    assert apps.get_model(label)


def test_every_exception_has_a_reason():
    assert all(len(reason) > 5 for reason in EXCEPTIONS.values())
