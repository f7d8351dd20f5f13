"""The fictitious works of the demo: its tree, its posts, its people. Pure data, drawn from a fixed seed."""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

DEMO_PASSWORD = "anxue-2026"  # noqa: S105 - printed on the start screen of the demo on purpose
ROOT = "云山机械集团"
MAIN_PLANT = f"{ROOT}/总厂"
DISPATCH_FIRM = "云山人力资源服务公司"
CONTRACTOR = "宏固设备安装公司"


@dataclass(frozen=True, slots=True)
class DemoPost:
    """A post: its hazards (names of GB 6441-2025), the licences it demands, and whether the law singles it out."""

    name: str
    hazards: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    is_principal: bool = False
    is_safety_manager: bool = False


POSTS = (
    DemoPost("电焊工", ("触电", "灼烫", "火灾", "可燃气体爆炸"), ("welding",)),
    DemoPost("电工", ("触电", "高处坠落", "火灾"), ("low-voltage",)),
    DemoPost("机加工", ("机械致害", "物体打击")),
    DemoPost("装配钳工", ("机械致害", "物体打击", "起重致害")),
    DemoPost("涂装工", ("中毒", "窒息", "可燃液体蒸气爆炸", "火灾")),
    DemoPost("行车工", ("起重致害", "高处坠落"), ("crane",)),
    DemoPost("叉车司机", ("厂（场）内车辆致害",), ("forklift",)),
    DemoPost("仓管员", ("物体打击", "厂（场）内车辆致害", "火灾")),
    DemoPost("保洁", ("跌落", "厂（场）内车辆致害")),
    DemoPost("班组长", ("机械致害", "触电")),
    DemoPost("安全员", (), ("safety-manager",), is_safety_manager=True),
    DemoPost("厂长", (), ("principal",), is_principal=True),
    DemoPost("人事专员"),
    DemoPost("培训教员"),
)


@dataclass(frozen=True, slots=True)
class DemoFeature:
    """A piece of equipment or a process (`kind` of people.models.WorkFeature), and the posts it concerns."""

    kind: str
    name: str
    posts: tuple[str, ...]


WORK_FEATURES = (
    DemoFeature("equipment", "桥式起重机", ("行车工", "装配钳工", "班组长", "安全员")),
    DemoFeature("equipment", "吊索具", ("行车工", "装配钳工", "班组长")),
    DemoFeature("equipment", "电焊机与气割设备", ("电焊工", "班组长")),
    DemoFeature("equipment", "车床铣床", ("机加工", "装配钳工", "班组长")),
    DemoFeature("equipment", "配电柜", ("电工", "班组长")),
    DemoFeature("equipment", "储罐与地坑", ("涂装工", "电焊工", "保洁", "班组长", "安全员")),
    DemoFeature("equipment", "煤气管道", ("电工", "电焊工", "班组长", "安全员")),
    DemoFeature("equipment", "熔炼炉与浇包", ("行车工", "班组长", "安全员")),
    DemoFeature("process", "动火作业", ("电焊工", "装配钳工", "班组长", "安全员")),
    DemoFeature("process", "受限空间作业", ("涂装工", "电焊工", "电工", "保洁", "班组长", "安全员")),
    DemoFeature("process", "吊装作业", ("行车工", "装配钳工", "仓管员", "班组长", "安全员")),
    DemoFeature("process", "停送电与上锁挂牌", ("电工", "机加工", "班组长")),
    DemoFeature("process", "盲板抽堵作业", ("电工", "电焊工", "班组长", "安全员")),
)


@dataclass(frozen=True, slots=True)
class DemoLicence:
    """A licence type of the demo."""

    code: str
    name: str
    family: str
    legal_basis: str


LICENCES = (
    DemoLicence("welding", "焊接与热切割作业证", "special_operation", "安全生产法第三十条"),
    DemoLicence("low-voltage", "低压电工作业证", "special_operation", "安全生产法第三十条"),
    DemoLicence("crane", "起重机作业人员证", "special_equipment", "特种设备安全法"),
    DemoLicence("forklift", "叉车作业人员证", "special_equipment", "特种设备安全法"),
    DemoLicence("safety-manager", "安全生产管理人员合格证", "safety_qualification", "安全生产法第二十七条"),
    DemoLicence("principal", "主要负责人合格证", "safety_qualification", "安全生产法第二十七条"),
)

# The accident categories of the posts are those of this standard; the site ships them (people/data/hazards.yaml).
HAZARD_STANDARD = "GB 6441-2025"

# workshop → (teams, posts that work there)
WORKSHOPS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "一车间": (("甲班", "乙班", "丙班"), ("电焊工", "电焊工", "装配钳工", "行车工")),
    "二车间": (("甲班", "乙班"), ("机加工", "机加工", "机加工", "装配钳工")),
    "三车间": (("甲班", "乙班"), ("涂装工", "涂装工", "机加工")),
    "动力车间": (("运行班", "检修班"), ("电工", "电工", "机加工")),
    "仓储物流部": (("仓储班", "运输班"), ("仓管员", "叉车司机", "保洁")),
}
TEAM_SIZE = 22  # people in a team of a large demo, before another plant is opened


class Stage(Enum):
    """How far a person of the demo is."""

    CLEARED = "everything done"
    ON_SITE_LEFT = "online part done, on-site hours not"
    STUDYING = "some lessons read"
    FAILED_ONCE = "failed the exam once"
    NOT_STARTED = "nothing done"
    OVERDUE = "nothing done and late"
    NO_LICENCE = "everything done, licence missing"
    LICENCE_EXPIRING = "everything done, licence about to run out"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """One person as the HR file of the demo names him or her. `moved_from` is (unit path, post) of a job change."""

    employee_no: str
    name: str
    unit: str
    post: str
    employment_type: str
    employer: str
    hired_on: dt.date
    phone: str
    stage: Stage
    moved_from: tuple[str, str] | None = None
    moved_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """An account of the demo. `role` is a people.models.Role value, empty for a learner; `unit` its scope.

    With an `employee_no` it is that person's account: whoever teaches signs for it, and learns like everybody else.
    """

    username: str
    name: str
    role: str
    unit: str
    description: str
    employee_no: str = ""


DEMO_LOGINS = (
    DemoLogin("1001", "王建国", "", "", "学员：转岗电焊工，正在补转岗培训", "1001"),
    DemoLogin("1002", "陈晓梅", "", "", "学员：新入职机加工，从头开始", "1002"),
    DemoLogin(
        "leader", "周大勇", "team_leader", f"{MAIN_PLANT}/一车间/甲班", "班组长：看本班谁能上岗", "1003"
    ),
    DemoLogin("trainer", "许文海", "trainer", MAIN_PLANT, "培训教员：登记现场教育、签字", "1007"),
    DemoLogin("hr", "林静", "hr_officer", ROOT, "人事专员：导入人员、看今天要办的事", "1005"),
    DemoLogin("safety", "郭志强", "safety_officer", MAIN_PLANT, "安全员：登记现场教育、看谁停岗", "1004"),
    DemoLogin("editor", "沈悦", "editor", ROOT, "内容编辑：发布讲话、案例、规程"),
    DemoLogin("examiner", "何立新", "examiner", ROOT, "考务员：题库与考试"),
    DemoLogin("auditor", "苏敏", "auditor", ROOT, "审计员：只读全部记录"),
    DemoLogin("admin", "系统管理员", "administrator", ROOT, "系统管理员"),
)

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
)
GIVEN_ONE = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红娥玲"
GIVEN_TWO = [
    "建国",
    "建军",
    "志强",
    "国庆",
    "秀英",
    "桂兰",
    "玉梅",
    "海涛",
    "文斌",
    "晓东",
    "春花",
    "立新",
    "永福",
    "德胜",
    "家旺",
    "思远",
    "雨桐",
    "子豪",
    "欣怡",
    "一鸣",
    "长江",
    "卫东",
    "爱民",
    "红霞",
    "小军",
    "金凤",
    "福生",
    "大勇",
    "世杰",
    "志明",
    "学文",
    "宝山",
    "树林",
    "光辉",
    "丽华",
    "淑珍",
    "凤英",
    "新民",
    "跃进",
    "援朝",
]
RARE = ("𠮷永福", "㐂多多", "欧阳建华", "买买提·艾合买提")  # names that break careless systems


def _name(rng: random.Random) -> str:
    given = rng.choice(GIVEN_TWO) if rng.random() < 0.7 else rng.choice(GIVEN_ONE)
    return rng.choice(SURNAMES) + given


def _places(count: int) -> Iterator[tuple[str, str]]:
    """Yield (unit path, post) for `count` people, plant by plant, team by team."""
    plants = ["总厂"] + [f"{number}分厂" for number in "一二三四五六七八九十"]
    plants += [f"{number}号分厂" for number in range(11, 200)]
    teams = sum(len(teams) for teams, _ in WORKSHOPS.values())
    per_team = min(TEAM_SIZE, max(4, -(-count // teams)))
    left = count
    for plant in plants:
        for workshop, (names, posts) in WORKSHOPS.items():
            for team in names:
                for position in range(per_team):
                    if left == 0:
                        return
                    left -= 1
                    post = "班组长" if position == 0 else posts[(position - 1) % len(posts)]
                    yield f"{ROOT}/{plant}/{workshop}/{team}", post


def draw_people(count: int, today: dt.date, *, one_by_one: int = 60) -> list[DemoPerson]:
    """Return `count` people of the demo as of `today`; the same count and day give the same people.

    Those beyond the first `one_by_one` were either hired long ago or have not begun.
    """
    rng = random.Random(20260616)  # noqa: S311 - a demo has to be repeatable, not unpredictable
    people = list(_story_people(today))
    places = list(_places(max(0, count - len(people))))
    stages = [
        *(Stage.CLEARED,) * 60,
        *(Stage.ON_SITE_LEFT,) * 10,
        *(Stage.STUDYING,) * 9,
        *(Stage.FAILED_ONCE,) * 4,
        *(Stage.NOT_STARTED,) * 6,
        *(Stage.OVERDUE,) * 5,
        *(Stage.NO_LICENCE,) * 3,
        *(Stage.LICENCE_EXPIRING,) * 3,
    ]
    licensed = {post.name for post in POSTS if post.licences}
    for index, (unit, post) in enumerate(places):
        stage = rng.choice(stages)
        if stage in {Stage.NO_LICENCE, Stage.LICENCE_EXPIRING} and post not in licensed:
            stage = Stage.CLEARED
        # 丙班 is where the water does not reach: the demo has something to find.
        if unit.endswith("丙班") and rng.random() < 0.6:
            stage = Stage.OVERDUE
        kind = rng.choices(["own", "dispatched", "intern", "temporary"], [78, 13, 6, 3])[0]
        is_single = len(people) < one_by_one
        if not is_single and stage in {Stage.STUDYING, Stage.FAILED_ONCE, Stage.ON_SITE_LEFT}:
            stage = Stage.NOT_STARTED
        days = _days_since_hired(stage, rng, is_single=is_single)
        people.append(
            DemoPerson(
                employee_no=str(1100 + index) if count < 5000 else f"{100000 + index}",
                name=RARE[index] if index < len(RARE) else _name(rng),
                unit=unit,
                post=post,
                employment_type=kind,
                employer=DISPATCH_FIRM if kind == "dispatched" else "",
                hired_on=today - dt.timedelta(days=days),
                phone=f"138{rng.randint(0, 99_999_999):08d}",
                stage=stage,
            )
        )
    return people


def _days_since_hired(stage: Stage, rng: random.Random, *, is_single: bool) -> int:
    if stage in {Stage.NOT_STARTED, Stage.STUDYING, Stage.FAILED_ONCE, Stage.ON_SITE_LEFT}:
        return rng.randint(2, 6)
    if stage is Stage.OVERDUE:
        return rng.randint(20, 60)
    # A large works takes people on in waves, and a wave is taught together.
    return rng.randint(12, 90) if is_single else 100 + 40 * rng.randint(0, 4)


def _story_people(today: dt.date) -> Iterator[DemoPerson]:
    """Yield the people whose accounts the start screen names, and those who carry a role."""

    def days_ago(days: int) -> dt.date:
        return today - dt.timedelta(days=days)

    first, second = f"{MAIN_PLANT}/一车间/甲班", f"{MAIN_PLANT}/二车间/甲班"
    yield DemoPerson(
        "1001",
        "王建国",
        first,
        "电焊工",
        "own",
        "",
        days_ago(700),
        "13800001001",
        Stage.STUDYING,
        moved_from=(second, "机加工"),
        moved_on=days_ago(4),
    )
    yield DemoPerson(
        "1002", "陈晓梅", second, "机加工", "own", "", days_ago(1), "13800001002", Stage.NOT_STARTED
    )
    yield DemoPerson(
        "1003", "周大勇", first, "班组长", "own", "", days_ago(400), "13800001003", Stage.CLEARED
    )
    yield DemoPerson(
        "1004", "郭志强", MAIN_PLANT, "安全员", "own", "", days_ago(500), "13800001004", Stage.CLEARED
    )
    yield DemoPerson(
        "1005", "林静", MAIN_PLANT, "人事专员", "own", "", days_ago(480), "13800001005", Stage.CLEARED
    )
    yield DemoPerson(
        "1006", "方世平", MAIN_PLANT, "厂长", "own", "", days_ago(900), "13800001006", Stage.CLEARED
    )
    yield DemoPerson(
        "1007", "许文海", MAIN_PLANT, "培训教员", "own", "", days_ago(860), "13800001007", Stage.CLEARED
    )
