"""The registry's simple page, byte for byte as Gitea's template writes it."""

import re

from .model import File, Package, Version

_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;", "+": "&#43;", "\0": "\ufffd"}
)
_UNSAFE_IN_URL = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!#$&*+,/:;=?@\[\]%]")


def escape(text: str) -> str:
    """As Go's templates escape text and attributes: quotes and `+` included."""
    return text.translate(_ESCAPES)


def normalize_url(text: str) -> str:
    """As Go's templates treat part of an address: `#`, `?`, `+` and `!` stay as they are."""
    return _UNSAFE_IN_URL.sub(_percent_encode, text)


def _percent_encode(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02x}" for byte in match[0].encode())


def simple_page(root: str, package: Package) -> str:
    """All files of all versions; the versions are sorted as strings. hrefs follow ROOT_URL."""
    title = f"Links for {escape(package.name)}"
    registry = f"{root}/api/packages/{package.owner.name}/pypi/files/{package.lower_name}"
    versions = sorted(package.versions.values(), key=lambda version: version.version)
    links = "".join(_version(registry, version) for version in versions)
    return (
        f"<!DOCTYPE html>\n<html>\n\t<head>\n\t\t<title>{title}</title>\n\t</head>\n"
        f"\t<body><h1>{title}</h1>\n\t\t{links}\n\t</body>\n</html>\n"
    )


def _version(registry: str, version: Version) -> str:
    anchors = "".join(_anchor(f"{registry}/{version.version}", version, f) for f in version.sorted_files())
    return f"\n\t\t\t\n\t\t\t{anchors}\n\t\t"


def _anchor(directory: str, version: Version, file: File) -> str:
    href = escape(normalize_url(f"{directory}/{file.name}")) + f"#sha256={file.digests['sha256']}"
    requires = version.requires_python
    attribute = f' data-requires-python="{escape(requires)}"' if requires else ""
    return f'\n\t\t\t\t<a href="{href}"{attribute}>{escape(file.name)}</a><br>\n\t\t\t'
