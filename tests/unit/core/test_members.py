"""Two archives are compared by what they hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syncer.core.members import Changed, Member, diff

A, B = Member(1, "a" * 64), Member(2, "b" * 64)
LINK, OTHER_LINK = Member(0, link="here"), Member(0, link="there")
TABLES = st.dictionaries(st.sampled_from("pqrst"), st.sampled_from([A, B, LINK, OTHER_LINK]))


def test_members_are_told_apart_by_name_size_digest_and_link() -> None:
    found = diff(
        {"same": A, "mine": B, "both": A, "link": LINK}, {"same": A, "his": A, "both": B, "link": OTHER_LINK}
    )
    assert found.only_source == (("mine", B),)
    assert found.only_target == (("his", A),)
    assert found.different == (Changed("both", A, B), Changed("link", LINK, OTHER_LINK))
    assert found.same == 1
    assert not found.is_equal


@given(TABLES, TABLES)
def test_every_member_is_told_exactly_once(source: dict[str, Member], target: dict[str, Member]) -> None:
    found = diff(source, target)
    named = [name for name, _ in (*found.only_source, *found.only_target)] + [e.name for e in found.different]
    assert len(named) == len(set(named))
    assert len(named) + found.same == len(source.keys() | target.keys())
    assert found.is_equal == (source == target)


@given(TABLES, TABLES)
def test_the_other_way_round_says_the_same(source: dict[str, Member], target: dict[str, Member]) -> None:
    there, back = diff(source, target), diff(target, source)
    assert (there.only_source, there.only_target, there.same) == (
        back.only_target,
        back.only_source,
        back.same,
    )
    assert [each.name for each in there.different] == [each.name for each in back.different]
