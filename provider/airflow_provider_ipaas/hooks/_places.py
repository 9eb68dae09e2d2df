"""Where a ledger may lie: on a local disk of the one machine that runs every task."""

from __future__ import annotations

import os
import re
from pathlib import Path

# File systems where two machines, or a machine and its guest, can have the same file open: SQLite's locks and shared
# memory don't reach across.
_SHARED = frozenset(
    {
        "9p",
        "acfs",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "drvfs",
        "gfs",
        "gfs2",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "prl_fs",
        "pvfs2",
        "smb2",
        "smb3",
        "smbfs",
        "vboxsf",
        "virtiofs",
        "vmhgfs",
    }
)
# Under FUSE these are local disks; everything else there is a network or a bucket.
_LOCAL_FUSE = frozenset({"fuse.ext2", "fuse.ext4", "fuse.fuse-overlayfs", "fuse.lxcfs", "fuse.ntfs-3g", "fuseblk"})
_OCTAL = re.compile(r"\\([0-7]{3})")
_LOCAL_EXECUTOR = frozenset({"LocalExecutor", "airflow.executors.local_executor.LocalExecutor"})


def shared_file_system(path: Path, mounts: Path = Path("/proc/self/mounts")) -> str | None:
    """Return the type of the network or shared file system that *path* lies on; None when it is local.

    Where the system doesn't list its mounts, the disk is taken as local.
    """
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    real = Path(os.path.realpath(path))
    best, kind = Path(), ""
    for line in lines:
        words = line.split(" ")
        if len(words) < 3:
            continue
        point = Path(_OCTAL.sub(lambda match: chr(int(match.group(1), 8)), words[1]))
        # Of two mounts on one point the later one is on top.
        if real.is_relative_to(point) and len(point.parts) >= len(best.parts):
            best, kind = point, words[2]
    if kind == "9p" and best == Path("/"):
        # The root of some container sandboxes; as a share (the Windows drives of WSL) it is mounted further down.
        return None
    fuse = kind.startswith("fuse") and kind not in _LOCAL_FUSE
    return kind if kind in _SHARED or fuse else None


def foreign_executor(configured: str) -> str | None:
    """Return the first executor of Airflow's setting `[core] executor` that may run tasks on other machines."""
    for entry in re.split(r"[,;]", configured):
        # [team=][alias:]name or class path
        name = entry.rpartition("=")[2].rpartition(":")[2].strip()
        if name and name not in _LOCAL_EXECUTOR:
            return name
    return None
