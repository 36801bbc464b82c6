from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncer.core.model import FileKind
from syncer.core.names import FileName, belongs_elsewhere, read_filename

READABLE = [
    pytest.param("demo-1.0-py3-none-any.whl", FileName(FileKind.WHEEL, "demo", "1.0"), id="wheel"),
    pytest.param("my_package-1.0.tar.gz", FileName(FileKind.SDIST, "my-package", "1.0"), id="sdist"),
    pytest.param("My.Package-1.0.zip", FileName(FileKind.SDIST, "my-package", "1.0"), id="zip sdist, dotted"),
    pytest.param("demo-2024.01.05.tar.gz", FileName(FileKind.SDIST, "demo", "2024.01.05"), id="leading zero"),
    pytest.param(
        "demo-1.0+local.1-py3-none-any.whl", FileName(FileKind.WHEEL, "demo", "1.0+local.1"), id="local"
    ),
    pytest.param("demo-1!2.0.tar.gz", FileName(FileKind.SDIST, "demo", "1!2.0"), id="epoch"),
    pytest.param("DEMO-1.0.TAR.GZ", FileName(FileKind.SDIST, "demo", "1.0"), id="upper case suffix"),
    pytest.param("dou__ble-1.0-py3-none-any.whl", FileName(FileKind.WHEEL), id="left to the metadata"),
    pytest.param("demo-1.0-1.tar.gz", FileName(FileKind.SDIST), id="a post release with a dash"),
    pytest.param("demo-2-1.0.tar.gz", FileName(FileKind.SDIST), id="a project that ends like a version"),
    pytest.param("nonsense.whl", FileName(FileKind.WHEEL), id="no version in the name"),
]


@pytest.mark.parametrize(("filename", "expected"), READABLE)
def test_a_file_name_says_kind_project_and_version(filename: str, expected: FileName) -> None:
    assert read_filename(filename) == expected


@pytest.mark.parametrize("filename", ["a.exe", "a.egg", "a.txt", "", ".whl\n", "a/b.whl", "é" * 200 + ".whl"])
def test_what_no_installer_can_use_is_refused_with_a_reason(filename: str) -> None:
    assert read_filename(filename).refusal


@given(st.text())
def test_any_text_gets_an_answer(filename: str) -> None:
    name = read_filename(filename)

    assert (name.kind is None) == bool(name.refusal)


@given(st.text(), st.sampled_from(["demo", "other"]))
def test_belonging_elsewhere_is_said_only_of_names_that_name_a_project(filename: str, project: str) -> None:
    other = belongs_elsewhere(filename, project)

    assert other == "" or (other != project and other == read_filename(filename).project)
