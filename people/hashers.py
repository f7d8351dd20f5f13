"""How passwords are kept."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class PasswordHasher(Argon2PasswordHasher):
    """Argon2id with 46 MiB, one pass, one lane: the first of the settings OWASP's password storage cheat sheet names.

    Django's own (100 MiB, two passes, eight lanes) takes 0.25 s of processor time and, in sixteen threads at once,
    1.6 GB: two thousand people who sign in before an exam would wait for minutes. See docs/adr/0012. A password kept
    otherwise still works, and is kept like this from its next use on.
    """

    time_cost = 1
    memory_cost = 47_104  # KiB
    parallelism = 1
