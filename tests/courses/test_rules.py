import pytest

from courses.rules import Severity, accident_severity


@pytest.mark.parametrize(
    ("deaths", "injuries", "loss", "level"),
    [
        (0, 0, 0, Severity.ORDINARY),
        (2, 9, 9_999_999, Severity.ORDINARY),
        (3, 0, 0, Severity.LARGER),
        (0, 10, 0, Severity.LARGER),
        (0, 0, 10_000_000, Severity.LARGER),
        (9, 49, 49_999_999, Severity.LARGER),
        (10, 0, 0, Severity.MAJOR),
        (0, 50, 0, Severity.MAJOR),
        (0, 0, 50_000_000, Severity.MAJOR),
        (29, 99, 99_999_999, Severity.MAJOR),
        (30, 0, 0, Severity.EXTREME),
        (0, 100, 0, Severity.EXTREME),
        (0, 0, 100_000_000, Severity.EXTREME),
        (1, 60, 100, Severity.MAJOR),
    ],
)
def test_accident_severity_is_the_highest_of_the_three(deaths, injuries, loss, level):
    assert accident_severity(deaths, injuries, loss) is level
