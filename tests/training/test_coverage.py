from hypothesis import given
from hypothesis import strategies as st

from training.coverage import Counts, Place, UnitFacts, by_kind, roll_up, total

TREE = [
    UnitFacts(1, "0001", 1, "总厂", "plant"),
    UnitFacts(2, "00010001", 2, "一车间", "workshop"),
    UnitFacts(3, "000100010001", 3, "甲班", "team"),
    UnitFacts(4, "000100010002", 3, "乙班", "team"),
    UnitFacts(5, "00010002", 2, "二车间", "workshop"),
]
OWN = {
    Place(1): Counts(people=2, owed=1, done=1),
    Place(3): Counts(people=4, owed=4, done=4),
    Place(4, 5): Counts(people=5, owed=4, done=1, overdue=2, blocked=3),
}


def test_units_hold_their_own_people_and_those_below():
    # The five of 乙班 are 二车间's people, as a firm's would be: in both figures, once in that of 总厂.
    rows = roll_up(TREE, OWN, steplen=4)

    assert [(row.name, row.level, row.counts.people, row.counts.owed, row.counts.done) for row in rows] == [
        ("总厂", 0, 11, 9, 6),
        ("一车间", 1, 9, 8, 5),
        ("甲班", 2, 4, 4, 4),
        ("乙班", 2, 5, 4, 1),
        ("二车间", 1, 5, 4, 1),
    ]
    assert [row.has_children for row in rows] == [True, True, False, False, False]
    assert total(OWN) == Counts(11, 9, 6, 2, 3)


def test_fraction_of_nobody_is_unknown_not_full():
    assert Counts(people=3).fraction is None
    assert Counts(people=3, owed=2, done=1).fraction == 0.5


def test_part_of_the_tree_begins_at_its_own_top():
    rows = roll_up(TREE[1:4], OWN, steplen=4)

    assert [(row.name, row.level) for row in rows] == [("一车间", 0), ("甲班", 1), ("乙班", 1)]
    assert rows[0].counts.people == 9


def test_levels_count_those_who_stand_there():
    assert by_kind(TREE, OWN, ["group", "plant", "workshop", "team"]) == [
        ("plant", Counts(2, 1, 1)),
        ("workshop", Counts(5, 4, 1, 2, 3)),
        ("team", Counts(9, 8, 5, 2, 3)),
    ]


@given(st.dictionaries(st.integers(1, 5), st.integers(0, 50)))
def test_the_top_holds_everyone_exactly_once(people):
    own = {Place(unit, unit % 5 + 1): Counts(people=count) for unit, count in people.items()}

    assert roll_up(TREE, own, steplen=4)[0].counts.people == total(own).people == sum(people.values())
