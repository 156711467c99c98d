"""The accessibility checker axe-core, fetched for tests only and never shipped.

Looked for at $AXE_CORE, then in the user's cache, then got once by `npm pack`; its bytes are
checked either way. Where none of that works, the tests that need it are skipped and say so.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest

PACKAGE = "axe-core@4.14.1"
SHA384 = (
    "c6dd52160e3d41a0f0b32b745dfb365c0c81b583c2957977"
    "5f6ab938e2de180526abd8d94d820c773b6917df56761887"
)
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "policy-monitor"


def axe_source() -> str:
    """The script; skips the test where it cannot be had."""
    for path in (Path(os.environ.get("AXE_CORE", "")), CACHE / "axe.min.js"):
        if path.is_file():
            return _checked(path.read_bytes())
    return _checked(_packed())


def _checked(content: bytes) -> str:
    if hashlib.sha384(content).hexdigest() != SHA384:
        pytest.fail(f"the axe-core found is not {PACKAGE}")
    return content.decode()


def _packed() -> bytes:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("axe-core is not here: set AXE_CORE to its axe.min.js, or install npm")
    with tempfile.TemporaryDirectory() as directory:
        try:
            subprocess.run(
                [npm, "pack", PACKAGE, "--silent", "--pack-destination", directory],
                check=True, capture_output=True, timeout=60, cwd=directory,
            )  # fmt: skip
        except (subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"axe-core cannot be got by npm here: {type(error).__name__}")
        archive = next(Path(directory).glob("*.tgz"))
        with tarfile.open(archive) as packed:
            member = packed.extractfile("package/axe.min.js")
            assert member is not None
            content = member.read()
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / "axe.min.js").write_bytes(content)
    return content
