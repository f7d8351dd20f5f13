"""Forms of the film library in the back office."""

from wagtailmedia.forms import BaseMediaForm


class FilmForm(BaseMediaForm):
    """The form of one film."""
