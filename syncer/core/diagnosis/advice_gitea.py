"""Situations with Gitea. What its answers mean was read from a running Gitea 1.27."""

from __future__ import annotations

from syncer.core.diagnosis.codes import Code
from syncer.core.diagnosis.entry import Advice
from syncer.core.diagnosis.finding import Check, Level

HOW_TO_SET_ONE = (
    "Make a token with the scope read:package and set token or token_env in [mapping:<name>], "
    "[gitea:{owner}] or [gitea]."
)
NOTHING_COPIED = "Nothing of this mapping is copied."

GITEA = {
    Code.TOKEN_MISSING: Advice(
        Check.TOKEN_SCOPES,
        Level.PROBLEM,
        "Gitea shows its package list to nobody without a token, not even that of a public owner.",
        NOTHING_COPIED,
        HOW_TO_SET_ONE,
    ),
    Code.TOKEN_UNSENDABLE: Advice(
        Check.TOKEN_SCOPES,
        Level.PROBLEM,
        "A line end, a space or something else was copied along with the token.",
        NOTHING_COPIED,
        HOW_TO_SET_ONE,
    ),
    Code.TOKEN_REFUSED: Advice(
        Check.TOKEN_SCOPES,
        Level.PROBLEM,
        "The token is wrong, has expired or was deleted.",
        NOTHING_COPIED,
        HOW_TO_SET_ONE,
    ),
    Code.ACCOUNT_PROHIBITED: Advice(
        Check.TOKEN_SCOPES,
        Level.PROBLEM,
        "The token's user was deactivated or may not sign in, or a proxy forbids the API.",
        NOTHING_COPIED,
        "Activate the user in Gitea, or make a token of another user with the scope read:package.",
    ),
    Code.SCOPE_MISSING: Advice(
        Check.TOKEN_SCOPES,
        Level.PROBLEM,
        "The token was made without the scope read:package.",
        f"{NOTHING_COPIED} Even a public owner's packages are refused to such a token.",
        HOW_TO_SET_ONE,
    ),
    Code.SCOPE_TOO_WIDE: Advice(
        Check.TOKEN_SCOPES,
        Level.WARNING,
        "The token was made with more than the scope read:package.",
        "It works, but whoever gets hold of it can publish, delete or administer in its user's name.",
        "Make a token with read:package alone and delete this one.",
    ),
    Code.SCOPE_UNUSED: Advice(
        Check.TOKEN_SCOPES,
        Level.NOTICE,
        "The token was made with more scopes for reading than read:package.",
        "It works; whoever gets hold of it can read more than packages.",
        "Nothing has to be done; read:package alone is enough.",
    ),
    Code.SCOPES_UNTOLD: Advice(
        Check.TOKEN_SCOPES,
        Level.NOTICE,
        "Gitea tells the scopes of a token since 1.27; this one does not.",
        "The token can read packages; whether it can do more is not known.",
        "Look at it in Gitea under Settings, Applications: read:package is enough.",
    ),
    Code.PUBLIC_ONLY: Advice(
        Check.TOKEN_SCOPES,
        Level.NOTICE,
        "The token is limited to public owners.",
        "It works for as long as {owner} is public; once it is made limited or private nothing is copied.",
        "Make a token without that limit if {owner} may be hidden one day.",
    ),
    Code.PUBLIC_ONLY_REFUSED: Advice(
        Check.TOKEN_SCOPES,
        Level.PROBLEM,
        "The token is limited to public owners, and {owner} is not public.",
        NOTHING_COPIED,
        "Make a token with the scope read:package without that limit.",
    ),
    Code.ACCESS_REFUSED: Advice(
        Check.OWNER_VISIBILITY,
        Level.PROBLEM,
        "It lacks the scope read:package, is only for public packages, or its user may not see {owner}.",
        NOTHING_COPIED,
        "Make a token with the scope read:package, of a user who is in a team of {owner}.",
    ),
    Code.OWNER_HIDDEN: Advice(
        Check.OWNER_VISIBILITY,
        Level.PROBLEM,
        "The token's scope is right, but its user may not see {owner}, which is private.",
        NOTHING_COPIED,
        "Add the user to any team of {owner}, or take a token of somebody who is in one.",
    ),
    Code.OWNER_MISSING: Advice(
        Check.OWNER_VISIBILITY,
        Level.PROBLEM,
        "The name is misspelt, the owner was deleted, or [gitea] url does not lead to Gitea.",
        f"{NOTHING_COPIED} Nothing is taken for deleted either.",
        "Correct organization in the mapping, or [gitea] url.",
    ),
    Code.OWNER_RENAMED: Advice(
        Check.OWNER_VISIBILITY,
        Level.WARNING,
        "{owner} was renamed in Gitea, and its old name redirects to the new one.",
        "It works until somebody else takes the old name: then their packages would be copied instead.",
        "Set organization in the mapping to the new name.",
    ),
    Code.REGISTRY_REFUSES: Advice(
        Check.OWNER_VISIBILITY,
        Level.PROBLEM,
        "The token lost its scope or its user the membership a moment ago, or a proxy drops the "
        "Authorization header on the way to /api/packages.",
        "The releases can be listed, but none of their files can be read.",
        "Check the token and the proxy; the token needs read:package, its user a team of {owner}.",
    ),
    Code.REPOSITORIES_UNSEEN: Advice(
        Check.OWNER_VISIBILITY,
        Level.WARNING,
        "The packages are linked to no repository, or the token's user cannot see these repositories.",
        "The mapping has repositories set, so these packages are excluded.",
        "Link the packages in Gitea, or give the token's user access to their repositories.",
    ),
    Code.CAP_LOW: Advice(
        Check.PAGING_CAP,
        Level.NOTICE,
        "[api] MAX_RESPONSE_ITEMS of this Gitea is below its default of 50.",
        "Everything is found all the same, with {times} times as many requests for each whole look.",
        "Set MAX_RESPONSE_ITEMS = 50 in the [api] section of Gitea's app.ini.",
    ),
    Code.PAGE_SHORT: Advice(
        Check.PAGING_CAP,
        Level.WARNING,
        "Something between here and Gitea, or Gitea itself, cuts pages shorter than it says.",
        "A listing counts only if it is provably whole: if rows are lost, no look is ever complete.",
        "Ask Gitea past the proxy, and compare X-Total-Count with the rows that come.",
    ),
    Code.LIST_UNPROVABLE: Advice(
        Check.PAGING_CAP,
        Level.PROBLEM,
        "A proxy drops headers or changes answers, or something other than Gitea answers.",
        f"No listing can be shown to be whole, so every look fails. {NOTHING_COPIED}",
        "Let the proxy pass Gitea's answers and X-Total-Count unchanged; check [gitea] url.",
    ),
    Code.ROOT_URL_DIFFERS: Advice(
        Check.ROOT_URL,
        Level.NOTICE,
        "Gitea writes its links by [server] ROOT_URL, which is not [gitea] url.",
        "Nothing for the syncer, which never follows these links and sends its token nowhere else; people "
        "who follow them, and pip, must be able to reach that address.",
        "If both should be one, correct ROOT_URL in Gitea's app.ini, or [gitea] url.",
    ),
    Code.URL_REDIRECTS: Advice(
        Check.ROOT_URL,
        Level.PROBLEM,
        "[gitea] url is not the address at which Gitea is really reached.",
        "A token is never sent to another address than the configured one, so Gitea refuses.",
        "Set [gitea] url to the address at which Gitea is really reached.",
    ),
    Code.URL_UPGRADED: Advice(
        Check.ROOT_URL,
        Level.WARNING,
        "[gitea] url redirects to the address at which Gitea is really reached.",
        "It works, with two requests for each one, and the first carries the token to the wrong address.",
        "Set [gitea] url to the address at which Gitea is really reached.",
    ),
}
