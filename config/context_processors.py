"""What every template may ask about the reader's display choices."""

from django.http import HttpRequest

SIZES = ("normal", "large")
THEMES = ("auto", "light", "dark")


def display_preferences(request: HttpRequest) -> dict[str, str]:
    """Give templates the reader's text size and theme, kept in cookies so that they need no account."""
    size = request.COOKIES.get("size", "normal")
    theme = request.COOKIES.get("theme", "auto")
    return {
        "display_size": size if size in SIZES else "normal",
        "display_theme": theme if theme in THEMES else "auto",
    }
