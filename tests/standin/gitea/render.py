"""The JSON of the management API, with exactly the keys that a Gitea 1.27 sends."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from .model import Account, File, Hook, Level, Repository, Token, Version

NEVER = "0001-01-01T00:00:00Z"
EPOCH = "1970-01-01T00:00:00Z"

_SAME_FOR_ALL_REPOSITORIES = {
    "has_code": True,
    "has_issues": True,
    "internal_tracker": {
        "enable_time_tracker": True,
        "allow_only_contributors_to_track_time": True,
        "enable_issue_dependencies": True,
    },
    "has_wiki": True,
    "has_pull_requests": True,
    "has_projects": True,
    "projects_mode": "all",
    "has_releases": True,
    "has_packages": True,
    "has_actions": False,
    "ignore_whitespace_conflicts": False,
    "allow_merge_commits": True,
    "allow_rebase": True,
    "allow_rebase_explicit": True,
    "allow_squash_merge": True,
    "allow_fast_forward_only_merge": True,
    "allow_merge_update": True,
    "allow_rebase_update": True,
    "allow_manual_merge": False,
    "autodetect_manual_merge": False,
    "default_delete_branch_after_merge": False,
    "default_merge_style": "merge",
    "default_update_style": "merge",
    "default_allow_maintainer_edit": True,
    "avatar_url": "",
    "internal": False,
    "mirror_interval": "",
    "object_format_name": "sha1",
    "mirror_updated": NEVER,
    "mirror_last_sync_at": NEVER,
    "topics": [],
    "licenses": [],
}


def timestamp(moment: datetime) -> str:
    """RFC 3339 in whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class View:
    """How the state looks to one viewer through one address.

    `root` is ROOT_URL without its last slash; `base` is the address that was asked, and
    html_url, avatar_url and clone_url follow it. `viewer` is None for nobody.
    """

    root: str
    base: str
    viewer: Account | None

    def seen_by(self, viewer: Account | None) -> "View":
        """The same address, another viewer."""
        return replace(self, viewer=viewer)

    def user(self, account: Account) -> dict[str, Any]:
        """A User object; only the user and site admins see whether it is active."""
        viewer = self.viewer
        is_insider = viewer is not None and (viewer is account or viewer.is_admin)
        return {
            "id": account.id,
            "login": account.name,
            "login_name": "",
            "source_id": 0,
            "full_name": account.full_name,
            "email": self._email(account),
            "avatar_url": self._avatar(account),
            "html_url": f"{self.base}/{quote(account.name)}",
            "language": "",
            "is_admin": account.is_admin and is_insider,
            "last_login": EPOCH if is_insider else NEVER,
            "created": timestamp(account.created_at),
            "restricted": False,
            "active": is_insider,
            "prohibit_login": account.prohibit_login and is_insider,
            "location": "",
            "website": "",
            "description": "",
            "visibility": account.visibility,
            "followers_count": 0,
            "following_count": 0,
            "starred_repos_count": 0,
            "username": account.name,
        }

    def _email(self, account: Account) -> str:
        if account.kind == "organization" or self.viewer is not None:
            return account.email
        return f"{account.id}+{account.name.lower()}@noreply.localhost"

    def _avatar(self, account: Account) -> str:
        seed = (account.email or account.name).lower()
        return f"{self.base}/avatars/{hashlib.md5(seed.encode(), usedforsecurity=False).hexdigest()}"

    def organization(self, account: Account) -> dict[str, Any]:
        """An Organization object, as webhooks carry it."""
        return {
            "id": account.id,
            "name": account.name,
            "full_name": account.full_name,
            "email": account.email,
            "avatar_url": self._avatar(account),
            "description": "",
            "website": "",
            "location": "",
            "visibility": account.visibility,
            "repo_admin_change_team_access": False,
            "username": account.name,
        }

    def repository(self, repository: Repository) -> dict[str, Any]:
        """A Repository object."""
        full_name = f"{repository.owner.name}/{repository.name}"
        api_url = f"{self.root}/api/v1/repos/{full_name}"
        level = repository.level_of(self.viewer)
        archived_at = repository.archived_at
        return {
            "id": repository.id,
            "owner": self.user(repository.owner),
            "name": repository.name,
            "full_name": full_name,
            "description": "",
            "empty": False,
            "private": repository.private,
            "fork": False,
            "template": False,
            "mirror": False,
            "size": 25,
            "language": "",
            "languages_url": f"{api_url}/languages",
            "html_url": f"{self.base}/{full_name}",
            "url": api_url,
            "link": "",
            "ssh_url": f"root@localhost:{full_name}.git",
            "clone_url": f"{self.base}/{full_name}.git",
            "original_url": "",
            "website": "",
            "stars_count": 0,
            "forks_count": 0,
            "watchers_count": 1,
            "branch_count": 1,
            "open_issues_count": 0,
            "open_pr_counter": 0,
            "release_counter": 0,
            "default_branch": "main",
            "archived": repository.archived,
            "created_at": timestamp(repository.created_at),
            "updated_at": timestamp(repository.created_at),
            "archived_at": timestamp(archived_at) if archived_at else EPOCH,
            "permissions": {
                "admin": level is Level.WRITE,
                "push": level is Level.WRITE,
                "pull": level >= Level.READ,
            },
            **_SAME_FOR_ALL_REPOSITORIES,
        }

    def version(self, version: Version) -> dict[str, Any]:
        """A row of the listing; a repository that the viewer may not see is null."""
        package = version.package
        repository = package.repository
        is_visible = repository is not None and repository.level_of(self.viewer) > Level.NONE
        path = f"{quote(package.lower_name)}/{quote(version.version.lower(), safe='$&+=:@')}"
        return {
            "id": version.id,
            "owner": self.user(package.owner),
            "repository": self.repository(repository) if repository and is_visible else None,
            "creator": self.user(version.creator),
            "type": "pypi",
            "name": package.name,
            "version": version.version,
            "html_url": f"{self.base}/{package.owner.name}/-/packages/pypi/{path}",
            "created_at": timestamp(version.created_at),
        }

    def package_event(self, action: str, version: Version, sender: Account) -> dict[str, Any]:
        """The body of a `package` webhook; its top-level repository is always null."""
        owner = version.package.owner
        return {
            "action": action,
            "repository": None,
            "package": self.seen_by(sender).version(version),
            "organization": self.organization(owner) if owner.kind == "organization" else None,
            "sender": self.seen_by(None).user(sender),
        }


def file(file: File) -> dict[str, Any]:
    """A row of the list of files."""
    return {"id": file.id, "size": len(file.content), "name": file.name, **file.digests}


def token(token: Token) -> dict[str, Any]:
    """What `GET /api/v1/token` says of the calling token."""
    return {
        "id": token.id,
        "name": token.name,
        "scopes": list(token.scopes),
        "created_at": timestamp(token.created_at),
        "last_used_at": timestamp(token.last_used_at),
        "user": {"id": token.user.id, "login": token.user.name},
    }


def hook(hook: Hook) -> dict[str, Any]:
    """A webhook; neither its secret nor its authorization header ever comes back."""
    return {
        "id": hook.id,
        "name": hook.name,
        "type": "gitea",
        "branch_filter": hook.branch_filter,
        "config": {"content_type": hook.content_type, "url": hook.url},
        "events": hook.events,
        "authorization_header": "",
        "active": hook.active,
        "updated_at": timestamp(hook.updated_at),
        "created_at": timestamp(hook.created_at),
    }
