"""What branches of industry call the levels of their tree, and how the names of units end there. Pure data.

Kinds are the values of people.models.UnitKind. A preset fills the names; an organisation may then change each.
"""

from collections.abc import Mapping
from dataclasses import dataclass

GROUP, COMPANY, PLANT, WORKSHOP, TEAM = "group", "company", "plant", "workshop", "team"
CONTRACTOR, DISPATCH_FIRM = "contractor", "dispatch_firm"
FIRMS = frozenset({CONTRACTOR, DISPATCH_FIRM})
KINDS = (GROUP, COMPANY, PLANT, WORKSHOP, TEAM, CONTRACTOR, DISPATCH_FIRM)
# A name without a telling end is taken by its depth; 1 is a root.
_BY_DEPTH = (COMPANY, WORKSHOP)
_ENDINGS: tuple[tuple[str, str], ...] = (
    ("集团", GROUP),
    ("集团公司", GROUP),
    ("公司", COMPANY),
    ("厂", PLANT),
    ("矿", PLANT),
    ("车间", WORKSHOP),
    ("部", WORKSHOP),
    ("科", WORKSHOP),
    ("处", WORKSHOP),
    ("室", WORKSHOP),
    ("中心", WORKSHOP),
    ("工段", WORKSHOP),
    ("作业区", WORKSHOP),
    ("班", TEAM),
    ("班组", TEAM),
    ("组", TEAM),
    ("队", TEAM),
)


@dataclass(frozen=True, slots=True)
class Preset:
    """The level names of a branch, by kind, and the endings of unit names that are usual there."""

    names: Mapping[str, str]
    endings: tuple[tuple[str, str], ...] = ()


_OUTSIDE = {CONTRACTOR: "承包商", DISPATCH_FIRM: "劳务派遣单位"}
PRESETS: Mapping[str, Preset] = {
    "manufacturing": Preset(
        {GROUP: "集团", COMPANY: "公司", PLANT: "工厂", WORKSHOP: "车间", TEAM: "班组", **_OUTSIDE}
    ),
    "construction": Preset(
        {
            GROUP: "集团",
            COMPANY: "公司",
            PLANT: "分公司",
            WORKSHOP: "项目部",
            TEAM: "班组",
            CONTRACTOR: "分包单位",
            DISPATCH_FIRM: "劳务公司",
        },
        (
            ("分公司", PLANT),
            ("工程局", COMPANY),
            ("项目部", WORKSHOP),
            ("项目经理部", WORKSHOP),
            ("指挥部", WORKSHOP),
            ("项目", WORKSHOP),
            ("标段", WORKSHOP),
            ("作业队", TEAM),
        ),
    ),
    "mining": Preset(
        {GROUP: "集团", COMPANY: "公司", PLANT: "矿", WORKSHOP: "区队", TEAM: "班组", **_OUTSIDE},
        (
            ("煤矿", PLANT),
            ("矿井", PLANT),
            ("选煤厂", PLANT),
            ("区队", WORKSHOP),
            ("采煤队", WORKSHOP),
            ("掘进队", WORKSHOP),
            ("队", WORKSHOP),
            ("工区", WORKSHOP),
            ("采区", WORKSHOP),
        ),
    ),
    "city": Preset(
        {
            GROUP: "市",
            COMPANY: "区县",
            PLANT: "街道（乡镇）",
            WORKSHOP: "社区（村）",
            TEAM: "网格",
            CONTRACTOR: "承包商",
            DISPATCH_FIRM: "劳务派遣单位",
        },
        (
            ("市", GROUP),
            ("区", COMPANY),
            ("县", COMPANY),
            ("委员会", COMPANY),
            ("局", COMPANY),
            ("街道", PLANT),
            ("街道办", PLANT),
            ("街道办事处", PLANT),
            ("乡", PLANT),
            ("镇", PLANT),
            ("社区", WORKSHOP),
            ("居委会", WORKSHOP),
            ("村", WORKSHOP),
            ("村委会", WORKSHOP),
            ("网格", TEAM),
        ),
    ),
}


def guess_kind(name: str, depth: int, names: Mapping[str, str] | None = None, preset: str = "") -> str:
    """Guess a unit's kind from the end of its name, else from its depth in the tree (1 is a root).

    The longest fitting end decides; of two alike, what the organisation itself calls a level (`names`, by
    kind) goes before the endings of its preset, and those before the common ones.
    """
    own = tuple((label, kind) for kind, label in (names or {}).items() if label)
    branch = PRESETS[preset].endings if preset in PRESETS else ()
    fitting = [
        (len(ending), -rank, kind)
        for rank, endings in enumerate((own, branch, _ENDINGS))
        for ending, kind in endings
        if name.endswith(ending)
    ]
    if fitting:
        return max(fitting)[2]
    return _BY_DEPTH[depth - 1] if depth <= len(_BY_DEPTH) else TEAM
