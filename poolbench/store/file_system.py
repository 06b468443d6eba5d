"""The file system that a store is on, and how far its locks reach."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Reach = Literal["all machines", "this machine", "no process", "unknown"]

_MOUNTS = Path("/proc/self/mounts")
_LOCAL = {
    "apfs", "bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "ntfs3", "overlay",
    "tmpfs", "vfat", "xfs", "zfs",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class FileSystem:
    """A mounted file system.

    Args:
        kind: Its type as the kernel calls it, such as ``ext4`` or ``nfs4``.
        mount: Where it is mounted.
        options: Of the mount, such as ``ro`` or ``local_lock=none``.
    """

    kind: str
    mount: str
    options: tuple[str, ...] = ()

    @property
    def is_shared(self) -> bool:
        """Whether other machines may have it mounted too."""
        return self.kind not in _LOCAL

    @property
    def lock_reach(self) -> Reach:
        """Whom a lock taken with ``flock`` keeps out, from what the file systems document.

        - NFS: the server keeps the locks, as nfs(5) says, unless the mount has ``nolock`` or
          ``local_lock=flock`` or ``all``.
        - Lustre: ``flock`` is for all clients, ``localflock`` for one; without either, calls fail.
        - BeeGFS: one client, unless ``tuneUseGlobalFileLocks`` is set, which a mount does not show.
        - CephFS, OCFS2 and GFS2: all clients.
        """
        options = set(self.options)
        if not self.is_shared:
            return "this machine"
        if self.kind in {"nfs", "nfs4"}:
            is_local = {"nolock", "local_lock=flock", "local_lock=all"} & options
            return "this machine" if is_local else "all machines"
        if self.kind == "lustre":
            if "localflock" in options:
                return "this machine"
            return "all machines" if "flock" in options else "no process"
        if self.kind in {"ceph", "ocfs2", "gfs2"}:
            return "all machines"
        return "this machine" if self.kind == "beegfs" else "unknown"

    def __str__(self) -> str:
        return f"{self.kind} at {self.mount}"


def file_system_of(path: Path, mounts: Path = _MOUNTS) -> FileSystem | None:
    """Return the file system that an existing path is on.

    Args:
        path: The path.
        mounts: The kernel's list of mounts.

    Returns:
        ``None`` where the system has no such list.
    """
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return None
    above = {str(each) for each in (path.resolve(), *path.resolve().parents)}
    # Of several mounts at one place the last is the one that is seen.
    found = [each for line in lines if (each := _read(line, above))]
    return max(reversed(found), key=lambda each: len(each.mount), default=None)


def _read(line: str, above: Collection[str]) -> FileSystem | None:
    fields = line.split(" ")
    if len(fields) < 4:
        return None
    mount = re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), fields[1])
    if mount not in above:
        return None
    return FileSystem(kind=fields[2], mount=mount, options=tuple(fields[3].split(",")))
