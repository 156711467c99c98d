"""The file of an evidence bundle: a ZIP of one form only, so that any changed byte shows.

Members are stored uncompressed under fixed names with fixed dates, in the order of their names,
the manifest last. A bundle that is packed again from its members must therefore give the same
bytes: what stands outside of the members is proved as well as what stands inside. Reading
believes nothing: names, kinds and sizes are checked before a member is read, and nothing is
written anywhere.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import stat
import struct
import zipfile
from collections.abc import Mapping
from typing import Any

from monitor.domain.errors import MonitorError

FORMAT = 1
MANIFEST, SEAL = "manifest.json", "manifest.sha256"
#: Larger than any event's evidence; a longer file is refused before it is read.
MAX_BUNDLE_BYTES = 2 << 30
MAX_MEMBERS = 4000
_NAME = re.compile(
    r"[a-z][a-z0-9_-]{0,99}(\.[a-z0-9]{1,8}){1,2}|texts/[0-9a-f]{32}-[0-9]{1,9}\.txt"
)
_DATE = (1980, 1, 1, 0, 0, 0)
_UNREADABLE = (
    zipfile.BadZipFile,
    ValueError,
    KeyError,
    EOFError,
    OSError,
    RuntimeError,
    OverflowError,
    struct.error,
)


class BundleError(MonitorError):
    """The file is no evidence bundle, or it is damaged so that it cannot be read."""


def pack(members: Mapping[str, bytes]) -> bytes:
    """The bytes of a ZIP with these members, always the same for the same members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
        for name in sorted(members, key=lambda name: (name in (MANIFEST, SEAL), name)):
            info = zipfile.ZipInfo(name, _DATE)
            info.create_system = 3
            info.external_attr = (stat.S_IFREG | 0o600) << 16
            packed.writestr(info, members[name])
    return buffer.getvalue()


def sealed(members: Mapping[str, bytes], facts: Mapping[str, object]) -> dict[str, bytes]:
    """The members with a manifest (SHA-256 and size of each, and `facts`) and its own SHA-256."""
    listed = {name: described(data) for name, data in sorted(members.items())}
    text = json.dumps({"format": FORMAT, **facts, "members": listed}, indent=1, sort_keys=True)
    manifest = (text + "\n").encode()
    seal = f"{hashlib.sha256(manifest).hexdigest()}  {MANIFEST}\n".encode()
    return {**members, MANIFEST: manifest, SEAL: seal}


def described(data: bytes) -> dict[str, object]:
    """What the manifest says of a member."""
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}


def unpack(data: bytes) -> dict[str, bytes]:
    """The members of a bundle. Raises BundleError for a strange or unreadable file."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            infos = packed.infolist()
            _require_plain(infos, len(data))
            return {info.filename: packed.read(info) for info in infos}
    except _UNREADABLE as error:
        raise BundleError(f"it cannot be read as a bundle: {error}") from error


def _require_plain(infos: list[zipfile.ZipInfo], size: int) -> None:
    names = [info.filename for info in infos]
    if len(infos) > MAX_MEMBERS or len(set(names)) != len(names):
        raise BundleError("it holds too many members, or one name twice")
    for info in infos:
        if not _NAME.fullmatch(info.filename):
            raise BundleError(f"member {info.filename[:80]!r} does not belong into a bundle")
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise BundleError(f"member {info.filename} is not stored as it is")
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            raise BundleError(f"member {info.filename} is no plain file")
    if sum(info.file_size for info in infos) > size:
        raise BundleError("its members claim to be larger than the file")


def file_problems(data: bytes, members: Mapping[str, bytes]) -> list[str]:
    """What is wrong with the file as such: bytes outside of members, members not as sealed."""
    found = []
    if pack(members) != data:
        found.append("the file holds bytes that are not those of its members")
    manifest = members.get(MANIFEST, b"")
    if members.get(SEAL) != f"{hashlib.sha256(manifest).hexdigest()}  {MANIFEST}\n".encode():
        found.append(f"{MANIFEST}: is not the one that was sealed")
    listed = manifest_of(members)["members"]
    rest = {name: data for name, data in members.items() if name not in (MANIFEST, SEAL)}
    for name in sorted({*listed, *rest}):
        if name not in rest:
            found.append(f"{name}: is missing")
        elif name not in listed:
            found.append(f"{name}: was added")
        elif listed[name] != described(rest[name]):
            found.append(f"{name}: is not the one that was sealed")
    return found


def manifest_of(members: Mapping[str, bytes]) -> dict[str, Any]:
    """The manifest. Raises BundleError where there is none of a known format."""
    try:
        manifest = json.loads(members[MANIFEST])
        known = manifest["format"] == FORMAT and isinstance(manifest["members"], dict)
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(f"it has no readable manifest: {error}") from error
    if not known:
        raise BundleError("its manifest is of a format that this program does not know")
    return dict(manifest)
