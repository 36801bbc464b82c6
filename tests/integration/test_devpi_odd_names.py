from __future__ import annotations

import pytest

from syncer.adapters.archive import inspect
from tests.support.devpi_place import Place, described
from tests.support.dists import Dist, sdist, wheel

ODD = [
    wheel("My.Package", "1.0", filename="My.Package-1.0-py3-none-any.whl"),
    wheel("My.Package", "1.1"),
    sdist("my_package", "1.2", filename="my-package-1.2.tar.gz"),
    wheel("dou__ble", "1.0", filename="dou__ble-1.0-py3-none-any.whl"),
    wheel("odd", "2024.01.05"),
    sdist("odd", "2024.01.06", filename="odd-2024.1.6.tar.gz"),
    wheel("odd", "1.0+local.1"),
    wheel("odd", "1.0+local.1", filename="odd-1.0_local.1-py2-none-any.whl"),
    wheel("odd", "1!2.0"),
    sdist("odd", "1!2.0", suffix=".zip"),
    sdist("odd", "3.0-1"),
    wheel("odd", "3.0-1"),
    sdist("odd", "4.0-1", filename="odd-4.0.post1.tgz"),
    sdist("odd", "v5.0"),
    wheel("odd", "6.0rc1", filename="odd-6.0rc1-py3-none-plät.whl"),
]


@pytest.mark.parametrize("dist", ODD, ids=lambda dist: dist.filename)
def test_odd_names_and_versions_settle(devpi_place: Place, dist: Dist) -> None:
    """Uploaded once, the file is listed under its own name with its own digest by both doors."""
    target = devpi_place.target(devpi_place.index())
    path = dist.write_to(devpi_place.folder)
    metadata = inspect(path, dist.filename)
    assert target.upload(described(dist), path, metadata) == "OK"
    for listing in (target.list([metadata.name]), target.read_back(metadata.name)):
        assert [(file.filename, file.sha256) for file in listing.files] == [(dist.filename, dist.sha256)]
    assert target.upload(described(dist), path, metadata).startswith("Upload of identical file")


def test_all_odd_files_live_together_on_one_index(devpi_place: Place) -> None:
    target = devpi_place.target(devpi_place.index())
    for dist in ODD:
        devpi_place.upload(target, dist)
    listing = target.list(["my-package", "dou-ble", "odd"])
    assert {file.filename: file.sha256 for file in listing.files} == {
        dist.filename: dist.sha256 for dist in ODD
    }
