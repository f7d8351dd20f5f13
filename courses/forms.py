"""What a client may report while someone studies."""

from django import forms

from courses.watching import Beat

LARGEST = 2**31 - 1


class BeatForm(forms.Form):
    """One beat. Positions are whole milliseconds, so that both sides sign the same text."""

    seq = forms.IntegerField(min_value=1, max_value=LARGEST)
    part = forms.CharField(max_length=60, strip=False)
    from_ms = forms.IntegerField(min_value=-LARGEST, max_value=LARGEST)
    to_ms = forms.IntegerField(min_value=-LARGEST, max_value=LARGEST)
    rate_pct = forms.IntegerField(min_value=1, max_value=10_000)
    visible = forms.IntegerField(min_value=0, max_value=1)
    mac = forms.CharField(max_length=64, strip=False)

    def beat(self) -> Beat:
        """Return the cleaned beat."""
        clean = self.cleaned_data
        return Beat(
            clean["seq"],
            clean["part"],
            clean["from_ms"],
            clean["to_ms"],
            clean["rate_pct"],
            bool(clean["visible"]),
        )
