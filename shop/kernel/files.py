"""Uploads, kept under DATA_DIR by the hash of their content, so that a name never changes."""

import hashlib
import os
import tempfile
from pathlib import Path

_root: Path | None = None


def keep_in(data_dir: Path) -> None:
    """Store files under this folder."""
    global _root
    _root = data_dir / "files"


def root() -> Path:
    """The folder of all files."""
    if _root is None:
        raise RuntimeError("no folder to keep files in")
    return _root


def put(content: bytes, suffix: str) -> str:
    """Store the bytes once and return their key, such as `3f/3fa9…c1.webp`."""
    digest = hashlib.sha256(content).hexdigest()
    key = f"{digest[:2]}/{digest}{suffix}"
    target = root() / key
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        # Written aside and renamed, so that a reader never sees half a file.
        handle, temporary = tempfile.mkstemp(dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    return key


def get(key: str) -> bytes:
    """The bytes behind a key; raises FileNotFoundError, also for a key that leaves the folder."""
    return path_of(key).read_bytes()


def path_of(key: str) -> Path:
    """Where the file lies; raises FileNotFoundError for a key that leaves the folder."""
    path = (root() / key).resolve()
    if not path.is_relative_to(root().resolve()):
        raise FileNotFoundError(key)
    return path
