"""Situations with devpi. What its answers mean was seen with devpi-server 6.20.3 and devpi-tokens 1.1.0."""

from __future__ import annotations

from syncer.core.diagnosis.codes import Code
from syncer.core.diagnosis.entry import Advice
from syncer.core.diagnosis.finding import Check, Level

NOTHING_ARRIVES = "Nothing of this mapping arrives."
NOTHING_UPLOADED = "Nothing can be uploaded to this server."
HOW_TO_RENEW = "Make one by 'devpi token-create -u {user}' and set it as token of this server."

DEVPI = {
    Code.DEVPI_OLDER: Advice(
        Check.DEVPI_VERSION,
        Level.NOTICE,
        "It is older than the release that the syncer is tested with, {tested}.",
        "It probably works; what was measured of devpi's answers was measured with the newer one.",
        "Update devpi-server when it suits.",
    ),
    Code.DEVPI_OTHER: Advice(
        Check.DEVPI_VERSION,
        Level.WARNING,
        "It is another generation than the one that the syncer is tested with, {tested}.",
        "Answers may have another form: what cannot be read ends in errors, and never in wrong files.",
        "Run devpi-server {tested} or a later one of the same generation.",
    ),
    Code.IS_REPLICA: Advice(
        Check.REPLICA,
        Level.WARNING,
        "The server's uuid is not that of its primary.",
        "Uploads are passed on to the primary and take about nine times as long; they fail while it is "
        "away; and its serial is no evidence, so unchanged indexes are read again each time.",
        "Set url of this server to the primary's address.",
    ),
    Code.CREDENTIAL_REFUSED: Advice(
        Check.DEVPI_CREDENTIAL,
        Level.PROBLEM,
        "The password or token is wrong or has expired, or the user does not exist there.",
        NOTHING_UPLOADED,
        "Correct username and password or token of this server in its section of the configuration.",
    ),
    Code.TOKEN_EXPIRED: Advice(
        Check.DEVPI_CREDENTIAL,
        Level.PROBLEM,
        "The token expired on {when}.",
        NOTHING_UPLOADED,
        HOW_TO_RENEW,
    ),
    Code.TOKEN_EXPIRES_SOON: Advice(
        Check.DEVPI_CREDENTIAL,
        Level.WARNING,
        "The token expires on {when}.",
        "From then on nothing can be uploaded to this server.",
        HOW_TO_RENEW,
    ),
    Code.TOKEN_FOR_EVER: Advice(
        Check.DEVPI_CREDENTIAL,
        Level.NOTICE,
        "The token was made without an end.",
        "It works; whoever gets hold of it can use it until somebody deletes it.",
        "Nothing has to be done; a token that ends and is renewed is safer.",
    ),
    Code.TOKEN_OF_LOGIN: Advice(
        Check.DEVPI_CREDENTIAL,
        Level.WARNING,
        "The token is one of a login, which lives ten hours: until {when}.",
        "It dies then, or as soon as a devpi without --secretfile restarts, and cannot be renewed.",
        "Set password instead, which buys such tokens by itself, or a lasting token "
        "('devpi token-create -u {user}', of the plugin devpi-tokens).",
    ),
    Code.TOKEN_OF_ANOTHER: Advice(
        Check.DEVPI_CREDENTIAL,
        Level.PROBLEM,
        "The token belongs to user {owner}, and devpi wants both to be of one user.",
        NOTHING_UPLOADED,
        "Set username of this server to {owner}, or a token of {user}.",
    ),
    Code.TOKEN_UNREADABLE: Advice(
        Check.DEVPI_CREDENTIAL,
        Level.UNKNOWN,
        "devpi accepts the token, but it is neither one of devpi-tokens nor one of a login.",
        "When it expires, and what it is limited to, is not known.",
        "Ask whoever made it, or take one of devpi-tokens ('devpi token-create -u {user}').",
    ),
    Code.INDEX_MISSING: Advice(
        Check.INDEX_TYPE,
        Level.PROBLEM,
        "The index was never created, was renamed or deleted, or is a mirror, which takes no uploads.",
        NOTHING_ARRIVES,
        "Create it with 'devpi index -c {index}', or correct index and url in the configuration.",
    ),
    Code.INDEX_UNREADABLE: Advice(
        Check.INDEX_TYPE,
        Level.PROBLEM,
        "The user or token may not read the index (acl_read, or a token without pkg_read).",
        "What the index holds cannot be compared or read back, so nothing counts as arrived.",
        "Let {user} read {index}, or make a token that allows upload and pkg_read there.",
    ),
    Code.INDEX_NO_STAGE: Advice(
        Check.INDEX_TYPE,
        Level.PROBLEM,
        "Only an index of type stage holds files of its own.",
        NOTHING_ARRIVES,
        "Name another index in the mapping, or create one with 'devpi index -c {index}'.",
    ),
    Code.NOT_IN_ACL: Advice(
        Check.ACL_UPLOAD,
        Level.PROBLEM,
        "acl_upload of the index names neither {user} nor a group of theirs.",
        f"devpi forbids every upload. {NOTHING_ARRIVES}",
        "Add the user: devpi index {index} 'acl_upload+={user}'",
    ),
    Code.UPLOAD_FORBIDDEN: Advice(
        Check.ACL_UPLOAD,
        Level.PROBLEM,
        "The user is not in acl_upload of the index, or the token does not cover this index or has expired.",
        f"devpi forbids every upload. {NOTHING_ARRIVES}",
        "Add the user by 'devpi index USER/INDEX acl_upload+=NAME', or create a token that covers it.",
    ),
    Code.ACL_OPEN: Advice(
        Check.ACL_UPLOAD,
        Level.WARNING,
        "acl_upload of the index holds :ANONYMOUS:.",
        "Everybody who reaches devpi can put files beside the synced ones, without a password.",
        "Put the user in its place: devpi index {index} 'acl_upload={user}'",
    ),
    Code.TOKEN_NOT_FOR_INDEX: Advice(
        Check.ACL_UPLOAD,
        Level.PROBLEM,
        "The token is limited to other indexes: {limits}.",
        f"devpi forbids every upload. {NOTHING_ARRIVES}",
        "Make a token that covers it: 'devpi token-create -u {user} -i {index} -a upload,pkg_read'.",
    ),
    Code.TOKEN_CANNOT_UPLOAD: Advice(
        Check.ACL_UPLOAD,
        Level.PROBLEM,
        "The token is limited to these permissions: {limits}.",
        f"It needs upload, and pkg_read to read back what arrived. {NOTHING_ARRIVES}",
        "Make one that has both: 'devpi token-create -u {user} -i {index} -a upload,pkg_read'.",
    ),
    Code.TOKEN_FOR_PROJECTS: Advice(
        Check.ACL_UPLOAD,
        Level.NOTICE,
        "The token is limited to these projects: {limits}.",
        "Files of every other project are refused, each for itself; these arrive.",
        "Make a token without that limit, or exclude the others by project_allow in the mapping.",
    ),
    Code.IS_VOLATILE: Advice(
        Check.VOLATILE,
        Level.WARNING,
        "The index was made volatile, as devpi makes them unless told otherwise.",
        "Whoever may upload can replace or delete files without a trace. The syncer itself compares "
        "digests before and overwrites only when a person asks for it.",
        "Unless files are meant to change: devpi index {index} 'volatile=False'",
    ),
    Code.BASE_MISSING: Advice(
        Check.BASES,
        Level.WARNING,
        "A base was deleted or renamed, and devpi passes over it in silence.",
        "Installers do not get what it held, and whoever creates an index of that name decides what they "
        "get. Until it is mended devpi refuses every other change of the index's options.",
        "Create it again, or take it out: devpi index {index} 'bases-={base}'",
    ),
    Code.BASE_IS_MIRROR: Advice(
        Check.BASES,
        Level.NOTICE,
        "A mirror stands behind the index, so that installers get public packages from one address.",
        "A name that is only meant to be private, and of which the index holds nothing yet or no more, is "
        "answered by the mirror: whoever registers it in public is installed.",
        "Nothing has to be done if that is wanted; else take the mirror out of the bases, or register names.",
    ),
    Code.WHITELIST_ALL: Advice(
        Check.MIRROR_WHITELIST,
        Level.WARNING,
        "mirror_whitelist of {at} holds *, and a mirror stands behind the index.",
        "Whoever publishes a higher version of any of these projects in public is installed instead.",
        "Remove it: devpi index {at} 'mirror_whitelist-=*'",
    ),
    Code.WHITELIST_SOME: Advice(
        Check.MIRROR_WHITELIST,
        Level.NOTICE,
        "mirror_whitelist names {names}, and a mirror stands behind the index.",
        "Of these projects installers take whichever version is higher, the synced or the public one.",
        "Leave only names in it that are meant to be mixed.",
    ),
}
