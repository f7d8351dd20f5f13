"""Rules about the content of lessons that stand in a regulation. Pure."""

import enum


class Severity(enum.IntEnum):
    """The level of an accident, lowest first."""

    ORDINARY = 1  # 一般事故
    LARGER = 2  # 较大事故
    MAJOR = 3  # 重大事故
    EXTREME = 4  # 特别重大事故


# Lower bounds, each included (以上 includes the figure itself): deaths, serious injuries, direct loss in yuan.
_BOUNDS = (
    (Severity.EXTREME, 30, 100, 100_000_000),
    (Severity.MAJOR, 10, 50, 50_000_000),
    (Severity.LARGER, 3, 10, 10_000_000),
)


def accident_severity(deaths: int, serious_injuries: int, loss_yuan: int) -> Severity:
    """Return the level of an accident: the highest that any of the three figures reaches.

    Serious injuries include acute industrial poisoning; `loss_yuan` is the direct economic loss.
    Source: 生产安全事故报告和调查处理条例 (国务院令第493号), art. 3.
    """
    for level, least_deaths, least_injuries, least_loss in _BOUNDS:
        if deaths >= least_deaths or serious_injuries >= least_injuries or loss_yuan >= least_loss:
            return level
    return Severity.ORDINARY
