"""The layout tables, cut to server versions."""

import pytest

from edgerunner_lab.sim.protocol.codec import CONDITIONS
from edgerunner_lab.sim.protocol.layouts import (
    VERSION_MAX,
    VERSION_MIN,
    Block,
    Field,
    Group,
    Kind,
    Parts,
    Table,
    TableError,
    load_table,
)

REQUESTS = Table(load_table("requests"))
REPLIES = Table(load_table("replies"))


def names(table: Table, version: int) -> list[str]:
    """Return the field names of the table's first message at `version`."""
    return [part.name for part in table.at(version)[0].parts if isinstance(part, Field)]


def conditions(parts: Parts) -> set[str]:
    """Return every condition that `parts` ask for."""
    found: set[str] = set()
    for part in parts:
        if isinstance(part, Block):
            found |= {part.condition} | conditions(part.parts)
        elif isinstance(part, Group):
            found |= conditions(part.parts)
    return found


def test_gates_admit_exactly_their_versions() -> None:
    """From N, below N, from A to B, or always."""
    table = Table("1 m = always from@>=150 below@<150 between@149..151")

    assert names(table, 148) == ["always", "below"]
    assert names(table, 149) == ["always", "below", "between"]
    assert names(table, 150) == ["always", "from", "between"]
    assert names(table, 152) == ["always", "from"]


def test_a_gate_on_a_message_hides_all_of_it() -> None:
    """A client at an older version does not know the id."""
    table = Table("1 old = a\n2 new@>=196 = a")

    assert [layout.name for layout in table.at(195)] == ["old"]
    assert [layout.name for layout in table.at(196)] == ["old", "new"]


def test_groups_blocks_macros_and_unset_texts_are_read() -> None:
    """The whole notation in one line, continued on the next."""
    table = Table("# comment\n$M = b:i=7\n1 m = -a=3\n  $M #g@>=150{ c:f ?x{ d:b } }")

    assert table.at(149)[0].parts == (
        Field(name="a", kind=Kind.TEXT, unset="3", is_constant=True),
        Field(name="b", kind=Kind.INTEGER, unset="7"),
    )
    flag = Field(name="d", kind=Kind.BOOL, unset="0")
    assert table.at(150)[0].parts[2] == Group(
        name="g",
        parts=(
            Field(name="c", kind=Kind.FLOAT, unset=""),
            Block(condition="x", parts=(flag,)),
        ),
    )


@pytest.mark.parametrize(
    ("line", "reason"), [("1 m = a@x", "gate"), ("1 m = a:ii", "field")]
)
def test_a_broken_table_says_which_word_is_wrong(line: str, reason: str) -> None:
    """Only an edit of the package can break it, and its tests tell."""
    with pytest.raises(TableError, match=reason):
        Table(line).at(150)


@pytest.mark.parametrize("table", [REQUESTS, REPLIES])
def test_every_version_can_be_cut_and_every_condition_is_known(table: Table) -> None:
    """No typing error hides in a gate that tests rarely reach."""
    for version in range(VERSION_MIN, VERSION_MAX + 1):
        layouts = table.at(version)
        used = {condition for layout in layouts for condition in conditions(layout.parts)}

        assert used <= set(CONDITIONS)
        assert len({(layout.id, layout.name) for layout in layouts}) == len(
            {layout.id for layout in layouts}
        )


def test_the_last_text_version_has_every_message() -> None:
    """Ids 1..25, 49..59, 61..105 come in; 1..21, 45..47, 49..59, 61..109 go out."""
    assert len({layout.id for layout in REQUESTS.at(200)}) == 81
    assert len({layout.id for layout in REPLIES.at(200)}) == 84
