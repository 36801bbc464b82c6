"""Times, sizes and names as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from syncer.web.text import absolute, numbered, prose, relative, size, visible

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "now"),
        (0.9, "now"),
        (1, "1 s ago"),
        (119, "119 s ago"),
        (120, "2 min ago"),
        (7199, "119 min ago"),
        (7200, "2 h ago"),
        (172_800, "2 d ago"),
        (-30, "in 30 s"),
    ],
)
def test_a_moment_is_told_from_now(seconds: float, shown: str) -> None:
    assert relative(NOW - timedelta(seconds=seconds), NOW) == shown


def test_a_moment_is_told_in_utc() -> None:
    elsewhere = datetime.fromisoformat("2026-03-01T14:00:00+02:00")
    assert absolute(elsewhere) == "2026-03-01 12:00:00 UTC"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (None, ""),
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (5_000_000, "4.8 MiB"),
        (3 * 2**30, "3.0 GiB"),
        (2**42, "4096.0 GiB"),
    ],
)
def test_sizes(number: int | None, shown: str) -> None:
    assert size(number) == shown


def test_numbers_agree_with_their_words() -> None:
    assert [numbered(number, "file") for number in (0, 1, 2)] == ["0 files", "1 file", "2 files"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 漢", "plain é 漢"),
        ("whl.\u202egpj", "whl.\\u202egpj"),
        ("nul\0", "nul\\u0000"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("next\u2028line", "next\\u2028line"),
        ("tab\tand\nline", "tab\tand\nline"),
    ],
)
def test_characters_that_mislead_are_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_what_is_no_text_stays_as_it_is() -> None:
    assert visible(7) == 7
    assert visible(Markup("<b>\u200b</b>")) == Markup("<b>\u200b</b>")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Run `syncer up`.", "Run <code>syncer up</code>."),
        ("`<b>` & `c`", "<code>&lt;b&gt;</code> &amp; <code>c</code>"),
        ("a single ` stays", "a single ` stays"),
        ("", ""),
    ],
)
def test_what_stands_between_backticks_is_code(text: str, html: str) -> None:
    assert prose(text) == html


@given(st.text())
def test_no_text_becomes_markup_of_its_own(text: str) -> None:
    html = str(prose(text)).replace("<code>", "").replace("</code>", "")
    assert "<" not in html
    assert ">" not in html
