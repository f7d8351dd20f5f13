"""What can go wrong at the gates. The messages are shown to people: they name the thing, the place and the cure."""


class AccessError(Exception):
    """Something was refused; nothing was written. `str(error)` is for the person who asked."""


class BadgeRefused(AccessError):
    """A badge cannot be made or ended as asked."""


class HookRefused(AccessError):
    """An address cannot be told of changes: it is not https, or leads into this network."""


class ListRefused(AccessError):
    """A list for a gate cannot be made: there is no signing key."""
