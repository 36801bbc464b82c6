import string
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given
from hypothesis import strategies as st

from syncer.config import check, load, show
from syncer.config.options import SECTIONS
from syncer.config.schema import Key, variable
from syncer.core.errors import ConfigError
from tests.unit.config.support import MINIMAL

HEADERS = [f"[{s.kind}:x]" if s.argument else f"[{s.kind}]" for s in SECTIONS]
OPTIONS = sorted({option.name for section in SECTIONS for option in section.options})
VALUES = st.one_of(
    st.sampled_from(
        ["", "true", "0", "-1", "1e999", "https://h", "a/b", "default", "HOME", "/", "~", "~/x", ","]
    ),
    st.text(max_size=30),
)
LINES = st.one_of(
    st.sampled_from(HEADERS),
    st.builds(
        lambda name, sign, value: name + sign + value, st.sampled_from(OPTIONS), st.sampled_from("=:"), VALUES
    ),
    st.text(max_size=30),
)
SECRETS = st.text(string.ascii_letters + string.digits, min_size=12, max_size=40).map("s3CRET".__add__)
SECRET_OPTIONS = [
    (f"[{s.kind}:x]" if s.argument else f"[{s.kind}]", option.name)
    for s in SECTIONS
    for option in s.options
    if option.choice
]


def read(content: bytes, environ: dict[str, str]) -> str:
    """Everything that is said of a configuration with that content; a terminal can print it."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / "syncer.conf"
        path.write_bytes(content)
        path.chmod(0o600)
        mistakes, warnings = check(path, environ)
        said = [str(problem) for problem in mistakes + warnings]
        try:
            said += [repr(load(path, environ)), repr(show(path, environ))]
        except ConfigError as error:
            said.append(str(error))
        assert ("Settings(" in "".join(said)) == (not mistakes)
    return "\n".join(said).encode().decode()


@given(st.binary(max_size=200))
@example(b"")
@example(b"\xef\xbb\xbf[gitea]")
@example(b"[gitea]\r\nurl = x\ry = z\x00")
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """Nothing but ConfigError is ever raised."""
    assert read(content, {})


@given(
    st.lists(LINES, max_size=20).map("\n".join),
    st.dictionaries(st.sampled_from(["SYNCER_WEB__PORT"]), VALUES),
)
def test_any_text_is_read_or_refused(text: str, environ: dict[str, str]) -> None:
    """Nothing but ConfigError is ever raised."""
    assert read((MINIMAL + text).encode("utf-8", "surrogatepass"), environ)


@given(
    st.dictionaries(
        st.one_of(
            st.sampled_from(
                [
                    variable(Key(s.kind, "x" if s.argument else ""), o.name)
                    for s in SECTIONS
                    for o in s.options
                ]
            ),
            st.text(max_size=20).map("SYNCER_".__add__),
            st.text(max_size=20).map("SYNCER_GITEA__{}__TOKEN".format),
        ),
        st.text(st.characters(), max_size=20),
        max_size=5,
    )
)
def test_any_environment_is_read_or_refused(environ: dict[str, str]) -> None:
    """Nothing but ConfigError is ever raised."""
    assert read(MINIMAL.encode(), environ)


@given(
    st.lists(LINES, max_size=10).map("\n".join),
    st.sampled_from(SECRET_OPTIONS),
    SECRETS,
    st.sampled_from(
        ["{0} = {1}", "{0}:{1}", "{0} {1}", "url = x\n  {0} = {1}", "{0} = a{1}@b", "{0} =\n {1}"]
    ),
)
@example("", ("[gitea]", "token_env"), "s3CRETabcdefghijkl", "{0} = {1}")
def test_a_secret_is_never_repeated(before: str, where: tuple[str, str], secret: str, form: str) -> None:
    """Wherever it stands and whatever else is wrong; also where its variable or file belongs."""
    header, option = where
    text = f"{MINIMAL}{before}\n{header}\n{form.format(option, secret)}\n"
    assert secret not in read(text.encode("utf-8", "surrogatepass"), {})
