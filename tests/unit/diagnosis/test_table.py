"""The one table of advice is whole, and every entry of it can be met."""

from __future__ import annotations

from string import Formatter

import pytest

from syncer.core.diagnosis.advice import ADVICE, ASK, advised, no_answer
from syncer.core.diagnosis.codes import Code
from syncer.core.diagnosis.finding import Check, Level, fine, is_fine
from syncer.core.errors import RemoteUnavailable, Unauthorized
from tests.unit.diagnosis import test_devpi, test_examine, test_gitea, test_here

#: An upload that is refused does not tell why as exactly as the doctor does.
ONLY_OF_ERRORS = {Code.UPLOAD_FORBIDDEN}
TABLES = [*test_gitea.CASES, *test_devpi.CASES, *test_here.CASES, *test_examine.CASES]


def codes(expected: object) -> set[str]:
    assert isinstance(expected, list)
    return {code for _, code in expected if code}


def test_every_code_has_an_entry_and_is_met_in_a_table_of_situations() -> None:
    met = set[str]().union(*(codes(case.values[-1]) for case in TABLES))
    assert set(ADVICE) == set(Code)
    assert met == set(Code) - ONLY_OF_ERRORS


@pytest.mark.parametrize("code", Code)
def test_an_entry_is_never_ok_and_has_whole_sentences(code: Code) -> None:
    entry = ADVICE[code]
    assert entry.level is not Level.OK
    for text in (entry.cause, entry.consequence, entry.fix):
        names = [name for _, name, _, _ in Formatter().parse(text) if name]
        assert names == [text[1:-1]] or text[-1] in ".)" or "'devpi" in text or " devpi index " in text


def test_every_check_is_one_that_some_entry_belongs_to() -> None:
    assert {entry.check for entry in ADVICE.values()} == set(Check)


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (Level.OK, True),
        (Level.NOTICE, True),
        (Level.WARNING, True),
        (Level.PROBLEM, False),
        (Level.UNKNOWN, False),
    ],
)
def test_only_problems_and_the_unknown_are_not_fine(level: Level, expected: bool) -> None:
    finding = fine(Check.ANSWERS, "[here]", "it answers")
    other = type(finding)(Check.VOLATILE, "[here]", level, "something")
    assert is_fine((finding, other)) is expected


def test_an_error_has_the_sentences_of_the_table_and_names_the_command() -> None:
    error = advised(Unauthorized, Code.ACCESS_REFUSED, "Gitea refuses.", owner="{acme}")
    assert error.what == "Gitea refuses."
    assert "its user may not see {acme}" in error.cause
    assert error.next_step == f"{ADVICE[Code.ACCESS_REFUSED].fix.format(owner='{acme}')} {ASK}"


def test_a_server_that_does_not_answer_is_explained_by_its_error() -> None:
    finding = no_answer("[gitea]", RemoteUnavailable("It {fell}.", "It is down.", "Start it."))
    assert (finding.seen, finding.cause, finding.fix) == ("It {fell}.", "It is down.", "Start it.")
