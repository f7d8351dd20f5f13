"""The form that asks what was told of a person at a moment."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from training.forms import DateInput, TimeInput


class MomentForm(forms.Form):
    """A day and a time, not later than now, which is what it begins with. `cleaned_data["moment"]` is aware."""

    on = forms.DateField(label=_("日期"), widget=DateInput)
    clock = forms.TimeField(label=_("时间"), widget=TimeInput)

    def __init__(self, data: Any = None, *, now: dt.datetime, auto_id: str = "id_%s") -> None:
        self.now = timezone.localtime(now)
        super().__init__(data, auto_id=auto_id, initial=self.at(now))
        self.fields["on"].widget.attrs["max"] = self.now.date().isoformat()

    @staticmethod
    def at(moment: dt.datetime) -> dict[str, Any]:
        """Return what the form holds for a moment."""
        local = timezone.localtime(moment)
        return {"on": local.date(), "clock": local.time().replace(second=0, microsecond=0)}

    def clean(self) -> dict[str, Any]:
        """Put day and time together. The minute that is running means now; what is to come is refused."""
        cleaned: dict[str, Any] = self.cleaned_data
        if "on" in cleaned and "clock" in cleaned:
            moment = timezone.make_aware(dt.datetime.combine(cleaned["on"], cleaned["clock"]))
            if moment > self.now:
                raise forms.ValidationError(_("这一刻还没有到。请选现在或过去的日期和时刻。"))
            cleaned["moment"] = self.now if self.now - moment < dt.timedelta(minutes=1) else moment
        return cleaned
