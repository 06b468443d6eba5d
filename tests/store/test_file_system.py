from __future__ import annotations

from pathlib import Path

import pytest

from poolbench.store.file_system import FileSystem, Reach, file_system_of

MOUNTS = """\
rootfs / rootfs rw 0 0
/dev/vda / ext4 rw,relatime 0 0
filer:/home /home nfs4 rw,vers=4.2,local_lock=none 0 0
mds@tcp:/work /home/me/my\\040work lustre rw,flock 0 0
tmpfs /home/me/my tmpfs rw 0 0
torn line
"""


@pytest.mark.parametrize(
    ("path", "kind", "mount"),
    [
        ("/srv/runs", "ext4", "/"),
        ("/home/me/runs", "nfs4", "/home"),
        ("/home/me/my work/runs", "lustre", "/home/me/my work"),
        ("/home/me/mystery", "nfs4", "/home"),
        ("/homely", "ext4", "/"),
    ],
)
def test_a_path_is_on_the_deepest_mount_above_it(
    path: str, kind: str, mount: str, tmp_path: Path
) -> None:
    (mounts := tmp_path / "mounts").write_text(MOUNTS)
    found = file_system_of(Path(path), mounts)
    assert found is not None
    assert (found.kind, found.mount) == (kind, mount)
    assert str(found) == f"{kind} at {mount}"


def test_a_system_without_a_list_of_mounts_names_none(tmp_path: Path) -> None:
    assert file_system_of(tmp_path, tmp_path / "nowhere") is None
    assert file_system_of(tmp_path) is not None


@pytest.mark.parametrize(
    ("kind", "options", "reach"),
    [
        ("ext4", "rw", "this machine"),
        ("nfs4", "rw,local_lock=none", "all machines"),
        ("nfs", "rw,nolock", "this machine"),
        ("nfs", "rw,local_lock=all", "this machine"),
        ("nfs", "rw,local_lock=flock", "this machine"),
        ("nfs", "rw,local_lock=posix", "all machines"),
        ("lustre", "rw,flock", "all machines"),
        ("lustre", "rw,localflock", "this machine"),
        ("lustre", "rw", "no process"),
        ("beegfs", "rw", "this machine"),
        ("ceph", "rw", "all machines"),
        ("fuse.sshfs", "rw", "unknown"),
    ],
)
def test_how_far_a_lock_reaches(kind: str, options: str, reach: Reach) -> None:
    found = FileSystem(kind=kind, mount="/", options=tuple(options.split(",")))
    assert found.lock_reach == reach
    assert found.is_shared is (kind != "ext4")
