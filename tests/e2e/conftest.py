"""The site all walks share: imported by each module, the fixture would make one for each."""

from tests.e2e.site import site

__all__ = ["site"]
