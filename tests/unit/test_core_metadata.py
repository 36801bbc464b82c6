from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from syncer.core.errors import NotADistribution
from syncer.core.metadata import MAX_METADATA, read_core_metadata
from syncer.core.model import same_version
from tests.support.dists import core_metadata

FILENAME = "demo-1.0-py3-none-any.whl"


def values(raw: bytes, field: str, filename: str = FILENAME) -> list[str]:
    return [value for name, value in read_core_metadata(raw, filename).form if name == field]


@pytest.mark.parametrize(
    ("filename", "name", "version", "spelt"),
    [
        pytest.param(
            "my_package-1.0-py3-none-any.whl", "My.Package", "1.0", "1.0", id="name normalized by the builder"
        ),
        pytest.param("My.Package-1.0.tar.gz", "My.Package", "1.0", "1.0", id="name as it was typed"),
        pytest.param("my-package-1.0.tar.gz", "My.Package", "1.0", "1.0", id="dash in the name of an sdist"),
        pytest.param(
            "dou__ble-1.0-py3-none-any.whl", "dou__ble", "1.0", "1.0", id="name that packaging refuses"
        ),
        pytest.param(
            "x-2024.01.05-py3-none-any.whl", "x", "2024.01.05", "2024.01.05", id="leading zeros stay"
        ),
        pytest.param(
            "x-2024.1.5.tar.gz", "x", "2024.01.05", "2024.1.5", id="leading zeros gone from the file name"
        ),
        pytest.param("x-1.0+local.1-py3-none-any.whl", "x", "1.0+local.1", "1.0+local.1", id="local version"),
        pytest.param(
            "x-1.0_local.1-py3-none-any.whl", "x", "1.0+local.1", "1.0+local.1", id="local version, escaped"
        ),
        pytest.param(
            "x-1.0_local_1-py3-none-any.whl", "x", "1.0+local.1", "1.0+local_1", id="local, otherwise spelt"
        ),
        pytest.param("x-1!2.0-py3-none-any.whl", "x", "1!2.0", "1!2.0", id="epoch"),
        pytest.param("x-1_2.0-py3-none-any.whl", "x", "1!2.0", "1!2.0", id="epoch, escaped"),
        pytest.param("x-1.0-1.tar.gz", "x", "1.0-1", "1.0-1", id="implicit post release"),
        pytest.param("x-1.0_1-py3-none-any.whl", "x", "1.0-1", "1.0-1", id="implicit post release, escaped"),
        pytest.param("x-1.0.post1.tar.gz", "x", "1.0-1", "1.0.post1", id="implicit post release, normalized"),
        pytest.param("x-v1.0.tar.gz", "x", "1.0", "v1.0", id="v in the file name only"),
        pytest.param("x-1.0.tar.gz", "x", "v1.0", "1.0", id="v in the metadata only"),
        pytest.param("x-1.0rc1.zip", "x", "1.0-RC.1", "1.0rc1", id="pre-release spelt out"),
        pytest.param("x-1.0-7local-cp311-cp311-linux_x86_64.whl", "x", "1.0", "1.0", id="build tag"),
    ],
)
def test_name_and_version_are_spelt_as_the_target_accepts_them(
    filename: str, name: str, version: str, spelt: str
) -> None:
    metadata = read_core_metadata(core_metadata(name, version), filename)
    assert (metadata.name, metadata.version) == (name, spelt)
    assert metadata.form[1:3] == (("name", name), ("version", spelt))


@pytest.mark.parametrize(
    ("filename", "raw", "reason"),
    [
        pytest.param(FILENAME, b"", "no valid Name", id="empty"),
        pytest.param(FILENAME, b"Version: 1.0\n", "no valid Name", id="no name"),
        pytest.param(FILENAME, b"Name: demo\nName: other\nVersion: 1.0\n", "no valid Name", id="two names"),
        pytest.param(FILENAME, b"Name: demo demo\nVersion: 1.0\n", "no valid Name", id="name with a space"),
        pytest.param(FILENAME, b"Name: d\xff\nVersion: 1.0\n", "no valid Name", id="name in broken UTF-8"),
        pytest.param(
            FILENAME, "Name: dem\u212a\nVersion: 1.0\n".encode(), "no valid Name", id="name beyond ASCII"
        ),
        pytest.param(FILENAME, b"Name: demo\n", "no valid Version", id="no version"),
        pytest.param(
            FILENAME, b"Name: demo\nVersion: 2004d\n", "no valid Version", id="version before PEP 440"
        ),
        pytest.param(FILENAME, b"\n\nName: demo\nVersion: 1.0\n", "no valid Name", id="begins with its body"),
        pytest.param(FILENAME, b"Name: other\nVersion: 1.0\n", "says something else", id="another project"),
        pytest.param(
            FILENAME, b"Name: dem\nVersion: 1.0\n", "says something else", id="prefix of the project"
        ),
        pytest.param(FILENAME, b"Name: demo\nVersion: 1.1\n", "says something else", id="another version"),
        pytest.param(
            "demo-11.0.tar.gz", b"Name: demo\nVersion: 1.0\n", "something else", id="part of the version"
        ),
        pytest.param(
            "demo-1.0.whl", b"Name: demo\nVersion: 1.0\n", "five or six parts", id="wheel without tags"
        ),
        pytest.param(FILENAME, b"A" * (MAX_METADATA + 1), "larger than 5 MiB", id="too large"),
    ],
)
def test_metadata_without_a_sound_name_and_version_is_refused(filename: str, raw: bytes, reason: str) -> None:
    with pytest.raises(NotADistribution, match=reason):
        read_core_metadata(raw, filename)


def test_every_field_that_devpi_keeps_is_in_the_form_in_order() -> None:
    raw = (
        "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nSummary: Short\nHome-page: http://h\nAuthor: Ä\n"
        "Author-email: a@b\nMaintainer: M\nMaintainer-email: m@b\nLicense: one\n  two\n"
        "License-Expression: MIT\nLicense-File: LICENSE\nLicense-File: NOTICE\n"
        "Description-Content-Type: text/markdown\nKeywords: a, b,c\nPlatform: any\n"
        "Supported-Platform: linux\nClassifier: X :: Y\nClassifier: No :: Such\nDownload-URL: http://d\n"
        "Project-URL: Docs, http://docs\nRequires-Dist: a>1;\n  extra == 'x'\nRequires-Dist: b\n"
        "Requires-Python: >=3.9,\n  <4\nRequires-External: C\nProvides-Extra: x\nDynamic: Version\n"
        "Unheard-Of: yes\n\n# Title\n\nText\n"
    ).encode()
    assert read_core_metadata(raw, FILENAME).form == (
        ("metadata_version", "2.4"),
        ("name", "demo"),
        ("version", "1.0"),
        ("summary", "Short"),
        ("home_page", "http://h"),
        ("author", "Ä"),
        ("author_email", "a@b"),
        ("maintainer", "M"),
        ("maintainer_email", "m@b"),
        ("license", "one\n  two"),
        ("license_expression", "MIT"),
        ("license_file", "LICENSE"),
        ("license_file", "NOTICE"),
        ("description", "# Title\n\nText"),
        ("description_content_type", "text/markdown"),
        ("keywords", "a,b,c"),
        ("platform", "any"),
        ("supported_platform", "linux"),
        ("classifiers", "X :: Y"),
        ("classifiers", "No :: Such"),
        ("download_url", "http://d"),
        ("project_urls", "Docs, http://docs"),
        ("requires_dist", "a>1; extra == 'x'"),
        ("requires_dist", "b"),
        ("requires_python", ">=3.9, <4"),
        ("requires_external", "C"),
        ("provides_extra", "x"),
        ("provides_extras", "x"),
        ("dynamic", "Version"),
    )


@pytest.mark.parametrize(
    ("line", "field", "kept"),
    [
        pytest.param(b"Summary: caf\xe9", "summary", ["caf\ufffd"], id="broken UTF-8 is shown as such"),
        pytest.param(b"Summary: UNKNOWN", "summary", [], id="UNKNOWN means nothing"),
        pytest.param(b"Platform: UNKNOWN", "platform", [], id="UNKNOWN in a list"),
        pytest.param(
            b"Requires-Python: not at all", "requires_python", ["not at all"], id="odd requires-python"
        ),
        pytest.param(
            b"Requires-Python: >=3\nRequires-Python: >=4", "requires_python", [">=3"], id="the first counts"
        ),
        pytest.param(b"Project-URL: a, b\nProject-URL: a, c", "project_urls", [], id="label twice"),
        pytest.param(b"Summary: a\nSummary: b", "summary", [], id="single field twice"),
        pytest.param(
            b"Content-Type: multipart/mixed; boundary=b", "description", ["text"], id="mail in disguise"
        ),
        pytest.param(b"Subject: =?utf-8?b?x?=", "description", ["text"], id="broken encoded word"),
        pytest.param(b"no header", "description", ["no header"], id="text begins without an empty line"),
    ],
)
def test_an_odd_field_never_refuses_a_file(line: bytes, field: str, kept: list[str]) -> None:
    raw = b"Name: demo\nVersion: 1.0\n" + line + b"\n\ntext\n"
    assert values(raw, field) == kept


def test_windows_line_ends_and_a_byte_order_mark_are_read() -> None:
    raw = b"\xef\xbb\xbfName: demo\r\nVersion: 1.0\r\nRequires-Python: >=3.9\r\n\r\nText\r\n"
    metadata = read_core_metadata(raw, FILENAME)
    assert (metadata.name, metadata.requires_python) == ("demo", ">=3.9")
    assert values(raw, "description") == ["Text"]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"".join(b"X-%d: y\n" % n for n in range(300_000)), id="countless names"),
        pytest.param(b"X: y\n" * 900_000, id="countless lines"),
        pytest.param(
            b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(80_000)),
            id="mails within mails",
        ),
        pytest.param(
            b"".join(
                b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(70_000)
            ),
            id="mails within mails, Windows",
        ),
        pytest.param(b"Name: demo\nVersion: 1.0\nSummary:" + b" x\n" * 1_700_000, id="endless folding"),
        pytest.param(b"Keywords: " + b"," * 5_000_000, id="countless keywords"),
        pytest.param(b":" * 5_000_000, id="colons"),
        pytest.param(b"\r" * 5_000_000, id="empty lines"),
    ],
)
def test_hostile_metadata_costs_seconds_at_most(raw: bytes) -> None:
    started = time.process_time()
    with suppress(NotADistribution):
        read_core_metadata(raw, FILENAME)
    assert time.process_time() - started < 15


@given(raw=st.binary(max_size=400), filename=st.text(max_size=40))
@example(raw=b"Name: demo\nVersion: 1.0", filename="")
def test_any_bytes_and_any_name_are_read_or_refused(raw: bytes, filename: str) -> None:
    with pytest.raises(NotADistribution):
        read_core_metadata(raw, filename)


HEADERS = st.sampled_from(
    [b"Name", b"Version", b"Keywords", b"Project-URL", b"Description", b"Content-Type", b"X"]
)
LINES = st.lists(st.tuples(HEADERS, st.binary(max_size=30)), max_size=12)


@given(lines=LINES, body=st.binary(max_size=60))
def test_any_other_fields_leave_a_sound_file_readable_or_refused(
    lines: list[tuple[bytes, bytes]], body: bytes
) -> None:
    raw = b"Name: demo\nVersion: 1.0\n" + b"".join(b"%s: %s\n" % line for line in lines) + b"\n" + body
    try:
        metadata = read_core_metadata(raw, FILENAME)
    except NotADistribution:
        return
    assert canonicalize_name(metadata.name) == "demo"
    assert same_version(metadata.version, "1.0")
    assert all(value.encode() for _, value in metadata.form)
