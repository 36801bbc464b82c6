"""Standing warnings: exactly those of the last look stand, each since it was first said."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import text

from syncer.core.model import Selection
from syncer.core.warning import StandingWarning, WarningKind
from syncer.queries.overview import overview
from tests.ledger.steps import Steps
from tests.support.ledgers import START, mapping, wheel

KIND = WarningKind.NAMESAKE
RULES = {"my-org": mapping(), "other": mapping("other")}


def about(subject: str, text_: str = "It is unsafe.", kind: str = KIND) -> StandingWarning:
    return StandingWarning(kind, subject, text_, "Mend it.")


def test_what_is_looked_at_again_keeps_the_time_since_when_it_stands(world: Steps) -> None:
    ledger = world.ledger.warnings
    ledger.replace("my-org", KIND, [about("alpha"), about("beta")], world.now)
    later = world.wait(60)
    ledger.replace("my-org", KIND, [about("beta", "It is worse."), about("gamma")], later)
    seen = overview(world.database, RULES, world.now).warnings
    assert [(each.subject, each.text, each.since) for each in seen] == [
        ("beta", "It is worse.", START),
        ("gamma", "It is unsafe.", later),
    ]
    assert ledger.standing("my-org", KIND) == [about("beta", "It is worse."), about("gamma")]


def test_mappings_and_kinds_do_not_touch_each_other(world: Steps) -> None:
    ledger, other = world.ledger.warnings, WarningKind.OPEN_WHITELIST
    for name in RULES:
        ledger.replace(name, KIND, [about("alpha")], world.now)
        ledger.replace(name, other, [about("root/prod", kind=other)], world.now)
    ledger.replace("my-org", KIND, [], world.now)
    seen = overview(world.database, RULES, world.now).warnings
    assert [(each.mapping, each.kind) for each in seen] == [
        ("my-org", "open_whitelist"),
        ("other", "open_whitelist"),
        ("other", "namesake"),
    ]
    only = {"my-org": mapping()}
    assert [each.mapping for each in overview(world.database, only, world.now).warnings] == ["my-org"]


def test_the_same_again_writes_nothing(world: Steps) -> None:
    """Every look of every worker ends here."""
    warnings = [about(f"p{number}") for number in range(3)]
    world.ledger.warnings.replace("my-org", KIND, warnings, world.now)
    with world.database.write() as session:
        session.execute(text("UPDATE warnings SET since = since"))  # what follows would wait for this lock
        world.ledger.warnings.replace("my-org", KIND, list(reversed(warnings)), world.now)
    assert world.ledger.warnings.standing("my-org", KIND) == warnings


def test_thousands_come_and_go(world: Steps) -> None:
    ledger = world.ledger.warnings
    many = [about(f"p{number:05}") for number in range(2000)]
    ledger.replace("my-org", KIND, many, world.now)
    assert ledger.standing("my-org", KIND) == many
    assert len(overview(world.database, RULES, world.now).warnings) == 100
    ledger.replace("my-org", KIND, many[:1], world.now)
    assert ledger.standing("my-org", KIND) == many[:1]


def test_the_projects_of_a_mapping_are_those_that_it_wants_now(world: Steps) -> None:
    rule = replace(mapping(), selection=Selection(project_deny=("beta",)))
    world.sync([wheel("alpha"), wheel("alpha", "2.0"), wheel("beta"), wheel("gone")], rule=rule)
    world.sync([wheel("alpha"), wheel("alpha", "2.0"), wheel("beta")], rule=rule)
    world.sync([wheel("delta")], name="other")
    assert world.ledger.warnings.projects("my-org") == ["alpha"]
    assert world.ledger.warnings.projects("nobody") == []
