"""What this room does when the rooms below report something. Each receiver calls one idempotent action."""


def connect() -> None:
    """Connect the receivers; called once when the app is ready."""
