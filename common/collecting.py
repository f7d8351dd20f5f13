"""What Python looks through for garbage that reference counts do not free."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def set_aside() -> Iterator[None]:
    """Take everything there is now out of the search for garbage while a long list is worked through.

    Each search of the oldest objects goes through the whole program and all the list has made so far, and finds
    nothing: that is a fifth of an import. What comes into being inside is searched as ever, and memory is still
    freed as soon as nothing refers to it. One after another, not one inside another: leaving ends it for all.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
