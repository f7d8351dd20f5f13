"""What every template may ask about the reader's display choices."""

from dataclasses import replace

from django.http import HttpRequest

from common.clock import now
from people.sessions import kiosk_session

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


def kiosk_clock(request: HttpRequest) -> dict[str, int]:
    """Give templates the seconds a session on a shared tablet has left; nothing in any other session."""
    if not hasattr(request, "session"):
        return {}
    kept = kiosk_session(request)
    if kept is None:
        return {}
    # The request being answered begins the three minutes anew.
    fresh = replace(kept, seen=now().timestamp())
    return {"kiosk_left_s": max(int(fresh.ends_at - now().timestamp()), 0)}
