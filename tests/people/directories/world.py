"""One works as every directory tells it: departments, people, and what a server may be told to do wrong."""

from dataclasses import dataclass, field

from people.directories import DirectoryMember, MemberState

# id → (name, id of the one above); "root" is what each product calls its root.
DEPARTMENTS = {
    "root": ("东风总厂", ""),
    "10": ("一车间", "root"),
    "11": ("甲班", "10"),
    "12": ("乙班", "10"),
    "20": ("机修/电工车间", "root"),
    "30": ("空部门", "root"),
}


@dataclass(frozen=True)
class Person:
    """A member as the works knows them."""

    id: str
    name: str
    number: str
    units: tuple[str, ...]
    title: str = "操作工"
    phone: str = ""
    state: MemberState = MemberState.ACTIVE

    @property
    def main(self):
        return self.units[-1]


def crowd(count, unit="11", start=1):
    """Return `count` people of one department, enough for several pages."""
    return [
        Person(f"m{number:04d}", f"员工{number:04d}", f"A{number:04d}", (unit,))
        for number in range(start, start + count)
    ]


PEOPLE = [
    Person("zhangsan", "张三", "1001", ("11",), "电工", "13800000001"),
    Person("lisi", "李四", "1002", ("11", "20"), "钳工"),  # in two departments, the second is the main one
    Person("wangwu", "王五", "1003", ("12",), state=MemberState.DISABLED),
    Person("zhaoliu", "赵六", "1004", ("root",), ""),
]


@dataclass
class Script:
    """What a server holds and how it behaves. Each fault is used up as it happens."""

    departments: dict = field(default_factory=lambda: dict(DEPARTMENTS))
    people: list = field(default_factory=lambda: list(PEOPLE))
    secret_is_right: bool = True
    expire_token_after: int | None = None  # calls after which the token in use is refused once
    busy: int = 0  # so many calls are told to come back later
    refuse: dict = field(default_factory=dict)  # path → (code, message), for good
    garbage: dict = field(default_factory=dict)  # path → body
    stuck_paging: bool = False
    tokens_given: int = 0
    calls: list = field(default_factory=list)


def brief(member: DirectoryMember):
    """Return of a member what every product can tell."""
    return member.name, member.title, member.phone, member.state


def expected(person: Person, *, has_disabled=True):
    """Return what `brief` should give."""
    state = person.state if has_disabled else MemberState.ACTIVE
    return person.name, person.title, person.phone, state
