"""The demo's training: what the works asks for beside the law, and the certificate it gives."""

import datetime as dt

from certificates.actions.templates import save_template
from people.models import Post
from portal.demo.content import DemoContent
from training.actions.programmes import ComponentSpec, save_programme
from training.actions.rules import save_rule
from training.actions.templates import load_templates
from training.models import Programme

# When the works made online study and its exam part of pre-job training: people hired before owe on-site
# training only.
ONLINE_SINCE_DAYS = 95
BASIS = "云山机械厂《安全教育培训制度》"

ONLINE = (
    # code, title, kind, course, trigger, posts (none: everybody), days to finish
    ("pre-job-online", "岗前安全教育（线上学习与考试）", "pre_job", "pre-job", "hired", (), 7),
    ("pre-job-online", "岗前安全教育（线上学习与考试）", "pre_job", "pre-job", "rehired", (), 7),
    (
        "welder-online",
        "电焊工转岗培训（线上学习与考试）",
        "job_change",
        "welder",
        "transferred",
        ("电焊工",),
        7,
    ),
    (
        "electrician-online",
        "电工转岗培训（线上学习与考试）",
        "job_change",
        "electrician",
        "transferred",
        ("电工",),
        7,
    ),
    (
        "machining-online",
        "机加工转岗培训（线上学习与考试）",
        "job_change",
        "machining",
        "transferred",
        ("机加工",),
        7,
    ),
    ("return-online", "返岗复训（线上学习与考试）", "return", "return", "returned", (), 3),
)
CERTIFICATE_BODY = "兹证明 {name} 完成“{programme}”，学习 {hours} 学时，考试成绩 {score} 分，考核合格。"
CERTIFICATE_FOOTNOTE = (
    "本证书证明线上学习与考试部分合格；现场安全教育另行登记入账。能否上岗以平台当日显示的上岗资格为准。"
)


def load_training(content: DemoContent, *, today: dt.date, now: dt.datetime) -> None:
    """Load the programmes and rules that ship with the platform, and those of the works."""
    # The works took up yearly retraining from the next year on; what its people owe today is shown by events.
    load_templates(acting_user=None, now=now, adopted_on=dt.date(today.year + 1, 1, 1))
    programmes: dict[str, Programme] = {}
    for code, title, kind, course, trigger, posts, due_days in ONLINE:
        page = content.courses[course]
        if page.exam is None:
            raise ValueError(f"course {course} has no exam")
        programmes[code] = save_programme(
            code=code,
            title=title,
            kind=kind,
            summary=page.intro,
            components=[
                ComponentSpec(kind="course", title=page.title, hours=page.hours, course=page),
                ComponentSpec(kind="exam", title=page.exam.title, exam=page.exam),
            ],
            acting_user=None,
            now=now,
        )
        save_rule(
            code=f"{code}-{trigger}",
            title=title,
            trigger=trigger,
            programme=programmes[code],
            posts=Post.objects.filter(name__in=posts),
            due_days=due_days,
            legal_basis=BASIS,
            basis_verified=True,
            effective_from=today - dt.timedelta(days=ONLINE_SINCE_DAYS),
            acting_user=None,
            now=now,
        )
    save_template(
        code="online",
        title="安全培训合格证",
        body=CERTIFICATE_BODY,
        footnote=CERTIFICATE_FOOTNOTE,
        number_prefix="YS",
        programmes=list(programmes.values()),
        acting_user=None,
    )
