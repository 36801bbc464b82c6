import configparser
import io
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syncer.config.ini import scan

LINES = st.lists(
    st.one_of(
        st.sampled_from(
            ["[a]", "[b]", "[a:b] x", "x = 1", "y: 2", " z=3", "\tdeep", "# c", "  ; c", "", "  "]
        ),
        st.text(st.sampled_from("[]ab=:#; \t\r%\u2028\x0b\xa0"), max_size=12),
    ),
    max_size=12,
)


def read_by_configparser(text: str) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser(default_section="\0")
    parser.read_file(io.StringIO(text, newline=None))
    return {section: dict(parser.items(section, raw=True)) for section in parser.sections()}


@given(LINES.map("\n".join))
@example("[a]\nx = 1\n  2\n\n  3\ny = 4\n")
@example("[a]\n  x = 1\n y = 2\n")
@example("[a]\r\nx = 1\r\n")
@example("[a]\nx = 1\n# comment\n  2\n")
def test_reads_what_configparser_reads(text: str) -> None:
    """Same sections, options and values; and a stray or repeated line wherever that one raises."""
    found = scan(text)
    try:
        expected = read_by_configparser(text)
    except configparser.Error:
        headers = [block.header for block in found.blocks]
        names = [(block.header, line.name) for block in found.blocks for line in block.lines]
        assert found.strays or len(set(headers)) < len(headers) or len(set(names)) < len(names)
    else:
        assert not found.strays
        assert {b.header: {line.name: line.text for line in b.lines} for b in found.blocks} == expected


def test_every_section_and_option_knows_its_line() -> None:
    found = scan("# top\n[a]\nx = 1\n\n[b]\ny = 2\n  more\nz = 3\n")
    assert [(block.header, block.number) for block in found.blocks] == [("a", 2), ("b", 5)]
    assert [(line.name, line.number) for block in found.blocks for line in block.lines] == [
        ("x", 3),
        ("y", 6),
        ("z", 8),
    ]


@pytest.mark.parametrize(
    ("text", "strays"),
    [
        pytest.param("x = 1\n[a]\n", [1], id="option-before-the-first-section"),
        pytest.param("[a]\nno delimiter\n", [2], id="line-without-delimiter"),
        pytest.param("[a]\n= value\n", [2], id="option-without-name"),
        pytest.param("[a]\none\ntwo\nx = 1\n", [2, 3], id="several"),
        pytest.param("[]\nx = 1\n", [1, 2], id="empty-header"),
    ],
)
def test_a_line_that_is_no_option_is_noted(text: str, strays: list[int]) -> None:
    assert scan(text).strays == strays


def test_a_very_long_line_takes_no_more_than_linear_time() -> None:
    """configparser needs hours for this line."""
    start = time.perf_counter()
    scan("[a]\nx" + " " * 1_000_000 + "y\n")
    assert time.perf_counter() - start < 2
