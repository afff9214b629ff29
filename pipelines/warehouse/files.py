"""Whole files or none: write beside the lake, fsync, rename, fsync the folder.

Temporary names carry host, pid and the process's start time, so a later start can tell a left-over
file from one that is being written.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import BinaryIO

import psutil

from engine.errors import BasisError

STALE_AFTER = timedelta(hours=1)  # a write takes seconds; only a foreign host's files wait for this
START_TOLERANCE_SECONDS = 2.0
_TEMPORARY = re.compile(r"^(?P<host>[^~]+)~(?P<pid>\d+)~(?P<start>\d+)~[0-9a-f]{32}(\.wal)?$")


@cache
def host_name() -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname()) or "localhost"


def process_start(pid: int) -> datetime | None:
    """When the process began; None when there is none of that pid on this host."""
    try:
        return datetime.fromtimestamp(psutil.Process(pid).create_time(), UTC)
    except psutil.NoSuchProcess:
        return None


def is_alive(pid: int, started: datetime) -> bool:
    """Whether the very process that began at ``started`` still exists on this host (pids are reused)."""
    now = process_start(pid)
    return now is not None and abs((now - started).total_seconds()) <= START_TOLERANCE_SECONDS


def temporary_path(folder: Path) -> Path:
    pid = os.getpid()
    start = process_start(pid)
    stamp = int(start.timestamp()) if start else 0
    return folder / f"{host_name()}~{pid}~{stamp}~{uuid.uuid4().hex}"


def fsync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Create the folder and its parents so that they survive a power cut."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    fsync_folder(folder.parent)


def write_atomically(target: Path, staging: Path, write: Callable[[BinaryIO], None]) -> None:
    """Replace ``target`` by what ``write`` puts into a file, whole or not at all.

    ``staging`` must be on the target's file system.  Errors: API-001 when the system refuses (disk
    full, no permission); the old file is then as it was and the temporary one is gone.
    """
    temporary = None
    try:
        make_folder(staging)
        make_folder(target.parent)
        temporary = temporary_path(staging)
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
        fsync_folder(target.parent)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise BasisError(
            "API-001",
            f"cannot write {target}: {error.strerror or error}; what was there before is untouched",
            looked_in=str(target.parent),
            resolution="free space on that disk and try again" if full else "make the folder writable and try again",
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def sweep_temporaries(staging: Path) -> list[Path]:
    """Remove what dead writers left behind; files of living writers stay."""
    if not staging.is_dir():
        return []
    removed = [path for path in staging.iterdir() if _is_left_over(path)]
    for path in removed:
        path.unlink(missing_ok=True)
    return removed


def _is_left_over(path: Path) -> bool:
    name = _TEMPORARY.match(path.name)
    if name is not None and name["host"] == host_name():
        return not is_alive(int(name["pid"]), datetime.fromtimestamp(int(name["start"]), UTC))
    try:
        return time.time() - path.stat().st_mtime > STALE_AFTER.total_seconds()
    except FileNotFoundError:
        return False
