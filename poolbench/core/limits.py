"""What an error says of the machine's limits, and what to do: memory, processes, files, disk."""

from __future__ import annotations

import errno

from poolbench.core.errors import EnvironmentFault

_MEMORY = "free some memory, raise its limit (ulimit -v), or use fewer --jobs"
_PROCESSES = "raise the limit of processes (ulimit -u), or use fewer --jobs"
_FILES = "raise the limit of open files: ulimit -n 1024"
_DISK = "free some space and run the same command again"

_ADVICE_BY_NUMBER = {
    errno.ENOMEM: _MEMORY,
    errno.EAGAIN: _PROCESSES,
    errno.EMFILE: _FILES,
    errno.ENFILE: _FILES,
    errno.ENOSPC: _DISK,
    errno.EDQUOT: _DISK,
}
# Of errors without a number: the loader's, Python's and torch's own.
_ADVICE_BY_TEXT = {
    "failed to map segment": _MEMORY,
    "cannot allocate memory": _MEMORY,
    "can't allocate memory": _MEMORY,
    "can't start new thread": _PROCESSES,
    "too many open files": _FILES,
    "no space left on device": _DISK,
}


def advice_on_limit(error: BaseException) -> str:
    """Return what to do about the limit that an error tells of; empty if it tells of none."""
    if isinstance(error, MemoryError):
        return _MEMORY
    if isinstance(error, OSError) and error.errno in _ADVICE_BY_NUMBER:
        return _ADVICE_BY_NUMBER[error.errno]
    if not isinstance(error, OSError | ImportError | RuntimeError):
        return ""
    text = str(error).lower()
    return next((advice for part, advice in _ADVICE_BY_TEXT.items() if part in text), "")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory is short."""
    return advice_on_limit(error) == _MEMORY


def limit_fault(error: BaseException) -> EnvironmentFault | None:
    """Return an error as the fault of the machine that it tells of; ``None`` if it is another."""
    if not (advice := advice_on_limit(error)):
        return None
    line = (str(error).strip().splitlines() or ["out of memory"])[0]
    return EnvironmentFault(f"the system has no more to give: {line}", advice)
