"""What other systems brought about one person, found by the account they are named by."""

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from people.models import Employee
from people.personal_data import Held, Provider, table
from xapi.models import Statement
from xapi.queries.facts import pseudonym_of
from xapi.validation import agent_key


def _statements(employee: Employee) -> list[Held]:
    names = (employee.employee_no, pseudonym_of(employee))
    accounts = [{"account": {"homePage": settings.PUBLIC_BASE_URL, "name": name}} for name in names]
    found = Statement.objects.filter(agent_key__in=[agent_key(account) for account in accounts])
    return [
        table(
            "xapi_statements",
            _("学习语句（其他系统写入）"),
            found.order_by("stored_at"),
            {
                "statement_id": _("编号"),
                "client__name": _("来源"),
                "verb": _("动作"),
                "activity": _("对象"),
                "timestamp": _("发生时间"),
                "stored_at": _("存入时间"),
                "body": _("内容"),
            },
        )
    ]


PROVIDERS = (Provider(gettext_lazy("学习语句"), frozenset({"xapi.Statement"}), _statements),)
