"""A project's simple page, from HTML to files."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.adapters.gitea import simple_page
from syncer.adapters.gitea.simple_page import MAX_REQUIRES_PYTHON, Anchor, parse_simple_page
from syncer.core.errors import ListingIncomplete
from tests.standin.gitea.simple_page import escape, normalize_url
from tests.unit.gitea.recordings import body

SHA = "ab" * 32


def page(*anchors: str) -> bytes:
    return f"<!DOCTYPE html><html><body>{'<br>'.join(anchors)}</body></html>".encode()


def anchor(text: str = "a-1.0.zip", href: str = f"http://x/files/a/1.0/a-1.0.zip#sha256={SHA}") -> str:
    return f'<a href="{href}">{text}</a>'


def test_each_file_comes_with_version_digest_and_requires_python() -> None:
    assert parse_simple_page(body("simple-html-two-files"), "my-package") == (
        Anchor(
            "my_package-1.0-py3-none-any.whl",
            "1.0",
            "d2b40120f89eccf127b993e3dedfaaed1e6680143ed79c7219896eb637860da1",
            ">=3.9,<4",
        ),
        Anchor(
            "my_package-1.0.tar.gz",
            "1.0",
            "1365279c211173ddba3dab563b1c49024d396abec3ad67b269ed14adcf8ecc39",
            ">=3.9,<4",
        ),
    )


@pytest.mark.parametrize(
    "recording",
    ["simple-html-two-files", "simple-trailing-slash", "simple-pep691-asked-html-given"],
)
def test_the_page_is_the_same_however_it_was_asked_for(recording: str) -> None:
    expected = parse_simple_page(body("simple-html-two-files"), "my-package")
    assert parse_simple_page(body(recording), "my-package") == expected


def test_requires_python_is_unescaped() -> None:
    files = parse_simple_page(body("simple-html-escaped-requires-python"), "meta")
    assert [file.requires_python for file in files] == [">=3.8", "<b>&\"'>"]


def test_file_names_are_taken_from_the_text_whatever_the_href_does_to_them() -> None:
    files = parse_simple_page(body("simple-html-odd-filenames"), "up")
    assert {file.version for file in files} == {"1.0"}
    assert {file.filename for file in files} >= {
        "up-1.0 hash#q?.tar.gz",
        "ünï-1.0.tar.gz",
        "up-1.0.tar.gz.asc",
        "totally-other-9.9-py3-none-any.whl",
    }
    assert len(files) == 11


def test_versions_are_spelt_as_gitea_spells_them() -> None:
    files = parse_simple_page(body("simple-html-odd-versions"), "vers")
    assert [file.version for file in files] == [
        "1!2.0",
        "1.0+a_b",
        "1.0+local.1",
        "1.0-1",
        "1.0-alpha.1",
        "1.0.0",
        "1.0.1-alpha",
        "1.0.1a0",
        "1.0c1",
        "2.0.dev3",
        "2.0.post1",
        "2.0rc1",
        "v1.0",
    ]


def test_another_root_url_in_the_hrefs_changes_nothing() -> None:
    files = parse_simple_page(body("simple-root-url-differs"), "q")
    assert len(files) == 13
    assert {file.version for file in files} == {f"1.{minor}" for minor in range(12)}


@pytest.mark.parametrize(
    "filename",
    [
        pytest.param(f"a-1.0#sha256={'0' * 64}.zip", id="pretends to be a digest"),
        pytest.param("a%2F..%2F9.9%2Fb.zip", id="escapes in the name itself"),
        pytest.param("..", id="dots"),
        pytest.param('"><a href="x">b.zip', id="markup"),
        pytest.param("a&#47;b&amp;.zip", id="character references"),
        pytest.param("a\nb\r\n.zip", id="line ends"),
        pytest.param(" a.zip ", id="spaces around"),
        pytest.param("a\\b.zip", id="backslash"),
        pytest.param("<html>", id="a tag"),
    ],
)
def test_a_hostile_file_name_stays_one_file_of_its_version(filename: str) -> None:
    href = f"{escape(normalize_url(f'http://x/files/a/1.0/{filename}'))}#sha256={SHA}"
    assert parse_simple_page(page(anchor(escape(filename), href)), "a") == (Anchor(filename, "1.0", SHA),)


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40),
)
def test_what_gitea_s_template_writes_is_read_back(filename: str, requires_python: str) -> None:
    href = f"{escape(normalize_url(f'https://git.example/sub/files/a/1.0+x/{filename}'))}#sha256={SHA}"
    written = f'<a href="{href}" data-requires-python="{escape(requires_python)}">{escape(filename)}</a>'
    assert parse_simple_page(page(written), "a") == (Anchor(filename, "1.0+x", SHA, requires_python),)


@pytest.mark.parametrize(
    "markup",
    [
        pytest.param(anchor(href="http://x/files/a/1.0/a-1.0.zip"), id="no digest"),
        pytest.param(anchor(href=f"http://x/files/a/1.0/a-1.0.zip#md5={'a' * 32}"), id="another digest"),
        pytest.param(anchor(href="http://x/files/a/1.0/a.zip#sha256=abc"), id="half a digest"),
        pytest.param(anchor(href=f"http://x/files/a/1.0/a.zip#sha256={'g' * 64}"), id="no hexadecimal"),
        pytest.param("<a>a-1.0.zip</a>", id="no href"),
        pytest.param("<a href>a-1.0.zip</a>", id="empty href"),
        pytest.param(anchor(href=f"a-1.0.zip#sha256={SHA}"), id="no version"),
        pytest.param(anchor(href=f"http://x/files/a//a.zip#sha256={SHA}"), id="empty version"),
        pytest.param(anchor(href=f"http://x/files/a/%2e%2e/a.zip#sha256={SHA}"), id="version of dots"),
        pytest.param(anchor(href=f"http://x/files/b/1.0/a.zip#sha256={SHA}"), id="another project"),
        pytest.param(anchor(text=""), id="no file name"),
        pytest.param(anchor(text="x/a-1.0.zip"), id="a path as file name"),
        pytest.param("<a href=/login>Sign in</a>", id="the page of a proxy"),
        pytest.param(anchor() + "<a href='x", id="a tag that never ends"),
        pytest.param("<![foo[bar]]>", id="an unknown declaration"),
        pytest.param(anchor() + anchor().removesuffix("</a>"), id="an anchor that is not closed"),
        pytest.param(f"<a href='&#{'9' * 5000};'>a</a>", id="an endless character number"),
    ],
)
def test_an_anchor_that_does_not_tell_its_file_makes_the_listing_incomplete(markup: str) -> None:
    with pytest.raises(ListingIncomplete, match="page of project 'a'"):
        parse_simple_page(page(markup), "a")


@pytest.mark.parametrize("share", [0, 0.3, 0.6, 0.9, 0.99])
def test_a_page_that_was_cut_off_makes_the_listing_incomplete(share: float) -> None:
    whole = body("simple-html-odd-versions")
    with pytest.raises(ListingIncomplete):
        parse_simple_page(whole[: int(len(whole) * share)], "vers")


def test_an_anchor_left_open_behind_the_end_makes_the_listing_incomplete() -> None:
    with pytest.raises(ListingIncomplete, match="ends before"):
        parse_simple_page(page() + anchor().removesuffix("</a>").encode(), "a")


def test_a_file_name_of_broken_bytes_does_not_hide_the_other_files() -> None:
    raw = page(anchor("a-1.0.zip"), anchor("X.zip")).replace(b"X.zip", b"\xff.zip")
    assert [file.filename for file in parse_simple_page(raw, "a")] == ["a-1.0.zip", "\ufffd.zip"]


def test_a_sound_page_is_read_whole_wherever_it_is_cut_into_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"a-1.{number}.zip" for number in range(3000)]
    long = page(
        *(anchor(name, f"http://x/files/a/1.{n}/{name}#sha256={SHA}") for n, name in enumerate(names))
    )
    for size in (simple_page._PIECE, 4097, 53):
        monkeypatch.setattr(simple_page, "_PIECE", size)
        assert len(long) > 2 * size
        assert [found.filename for found in parse_simple_page(long, "a")] == names


@pytest.mark.parametrize(
    "junk",
    [
        "<!-- a -->",
        "<!CDATA[ ]>",
        "<?php ?>",
        "</html>text",
        "</html><p>",
        "</html><a",
        "</html></p>",
        "<!x>",
    ],
)
def test_what_gitea_never_writes_makes_the_listing_incomplete(junk: str) -> None:
    """A parser, and every browser, has its own idea of what such markup hides."""
    with pytest.raises(ListingIncomplete):
        parse_simple_page(
            page(anchor()).replace(b"</html>", junk.encode() + b"</html>" * ("</html" not in junk)), "a"
        )


def test_a_page_without_files_is_empty() -> None:
    assert parse_simple_page(page(), "a") == ()


def test_an_absurd_requires_python_is_left_to_the_file_itself() -> None:
    longest = ">=3," * (MAX_REQUIRES_PYTHON // 4)
    files = [
        f'<a href="http://x/a/1/a.zip#sha256={SHA}" data-requires-python="{value}">a.zip</a>'
        for value in (longest, longest + "1")
    ]
    assert [file.requires_python for file in parse_simple_page(page(*files), "a")] == [longest, ""]


@pytest.mark.parametrize("junk", ["<a ", "<!--", "<a x='", "<a/////", "<?", "</", "&", '<a x="', "<![CDATA["])
def test_hostile_markup_is_refused_in_a_time_that_grows_with_its_size_only(junk: str) -> None:
    """Closing the standard parser takes minutes for the same 200 kB."""
    started = time.monotonic()
    with pytest.raises(ListingIncomplete):
        parse_simple_page(junk.encode() * (200_000 // len(junk)), "a")
    assert time.monotonic() - started < 5


@given(st.binary())
def test_arbitrary_bytes_are_files_or_an_incomplete_listing(raw: bytes) -> None:
    with suppress(ListingIncomplete):
        assert all(isinstance(file, Anchor) for file in parse_simple_page(raw, "a"))


TAGS = ["<a ", "href=", '"', "'", ">", "<", "</a>", "</html>", "<!--", "-->", "<![", "]]>", "<?", "/"]
REST = ["&#", "&gt;", "&#9999999999;", "\0", "text", "<title>", "<script>", f"http://x/a/1/b#sha256={SHA}"]
MARKUP = st.lists(st.sampled_from(TAGS + REST)).map("".join)


@given(MARKUP)
def test_arbitrary_markup_is_files_or_an_incomplete_listing(markup: str) -> None:
    with suppress(ListingIncomplete):
        assert all(len(file.sha256) == 64 for file in parse_simple_page(markup.encode(), "a"))
