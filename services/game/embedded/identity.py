"""Who a child process runs as, because PostgreSQL refuses to run as root.

As root, the child enters a user namespace in which root is called 65534: its files stay root's, and nothing
needs to be copied. Where namespaces are denied (some containers), it becomes the user `nobody`, who must be
able to reach its programs and its data.
"""

import ctypes
import enum
import functools
import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
UNPRIVILEGED_ID = 65534


class Identity(enum.Enum):
    """As ourselves, as root by another name, or as the user nobody."""

    OWN = "own"
    NAMESPACE = "namespace"
    NOBODY = "nobody"


LIBC = ctypes.CDLL(None, use_errno=True)


@functools.cache
def unprivileged() -> Identity:
    """The identity under which this machine lets a server run that refuses root."""
    if os.geteuid() != 0:
        return Identity.OWN
    return Identity.NAMESPACE if _namespaces_allowed() else Identity.NOBODY


def assume(identity: Identity) -> None:
    """Become the identity; runs between fork and exec, so it imports nothing."""
    if identity is Identity.NAMESPACE:
        _enter_namespace()
    elif identity is Identity.NOBODY:
        user, group = nobody()
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)


@functools.cache
def nobody() -> tuple[int, int]:
    """User and group id of `nobody`."""
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid


def reachable_by_nobody(path: Path) -> bool:
    """Whether another user may pass through every folder down to the path."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in [path, *path.parents])


def _namespaces_allowed() -> bool:
    if sys.platform != "linux":
        return False
    try:
        subprocess.run(["/bin/true"], check=True, preexec_fn=_enter_namespace)
    except (subprocess.SubprocessError, OSError):
        return False
    return True


def _enter_namespace() -> None:
    if LIBC.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{UNPRIVILEGED_ID} 0 1")
    Path("/proc/self/gid_map").write_text(f"{UNPRIVILEGED_ID} 0 1")
