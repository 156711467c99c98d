"""Captures as WARC/1.1 (ISO 28500:2017): bytes as stored, headers as received, facts beside them.

Bodies are stored after transfer and content decoding, so the headers that described the coding
on the wire carry the prefix `x-archive-orig-`, as is usual. No request record is written: the
monitor keeps no headers that it sent.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable

from monitor.domain.moment import require_aware
from monitor.domain.snapshot import Snapshot

_OF_THE_WIRE = frozenset({"content-encoding", "transfer-encoding", "content-length"})
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNSAFE = re.compile(r"[^\x20-\x7e]")


def write(snapshots: Iterable[Snapshot], software: str) -> bytes:
    """A .warc.gz with a response and a metadata record for each capture, one gzip member each."""
    # warcio is needed for evidence only
    from warcio.statusandheaders import StatusAndHeaders  # noqa: PLC0415
    from warcio.warcwriter import WARCWriter  # noqa: PLC0415

    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=True, warc_version="WARC/1.1")
    info = {"software": software, "format": "WARC File Format 1.1"}
    writer.write_record(writer.create_warcinfo_record("captures.warc.gz", info))
    for snapshot in snapshots:
        head = StatusAndHeaders(
            f"{snapshot.status} {'OK' if snapshot.status == 200 else 'Answer'}",
            _headers(snapshot),
            protocol="HTTP/1.1",
        )
        url = _line(snapshot.final_url)
        # What did not come by HTTP, such as a mail, is a resource: bytes without a head of theirs.
        web = url.startswith(("http:", "https:"))
        response = writer.create_warc_record(
            url,
            "response" if web else "resource",
            payload=io.BytesIO(snapshot.body),
            length=len(snapshot.body),
            http_headers=head if web else None,
            warc_content_type="" if web else snapshot.media_type or "application/octet-stream",
            warc_headers_dict=_described(snapshot),
        )
        writer.write_record(response)
        facts = json.dumps(_facts(snapshot), indent=1, sort_keys=True).encode()
        about = {
            "WARC-Concurrent-To": response.rec_headers.get_header("WARC-Record-ID"),
            "WARC-Date": _date(snapshot),
        }
        metadata = writer.create_warc_record(
            url,
            "metadata",
            payload=io.BytesIO(facts),
            length=len(facts),
            warc_content_type="application/json",
            warc_headers_dict=about,
        )
        writer.write_record(metadata)
    return buffer.getvalue()


def payloads(data: bytes) -> dict[str, bytes]:
    """Snapshot id -> bytes of what was captured. Raises ValueError for what is no WARC."""
    from warcio.archiveiterator import ArchiveIterator  # noqa: PLC0415
    from warcio.exceptions import ArchiveLoadFailed  # noqa: PLC0415

    found = {}
    try:
        for record in ArchiveIterator(io.BytesIO(data)):
            if record.rec_type in ("response", "resource"):
                name = record.rec_headers.get_header("X-Snapshot-Id")
                found[str(name)] = record.content_stream().read()
    except (ArchiveLoadFailed, OSError, EOFError) as error:
        raise ValueError(f"it cannot be read as WARC: {error}") from error
    return found


def _described(snapshot: Snapshot) -> dict[str, str]:
    headers = {
        "WARC-Date": _date(snapshot),
        "WARC-Payload-Digest": f"sha256:{snapshot.body_hash}",
        "X-Snapshot-Id": snapshot.id,
    }
    if snapshot.remote_address:
        headers["WARC-IP-Address"] = _line(snapshot.remote_address)
    return headers


def _headers(snapshot: Snapshot) -> list[tuple[str, str]]:
    """Headers as received, fit for one line each; those of the coding under another name."""
    kept = [
        (f"x-archive-orig-{name}" if name in _OF_THE_WIRE else name, _line(value))
        for name, value in snapshot.headers
        if _TOKEN.fullmatch(name)
    ]
    return [*kept, ("content-length", str(len(snapshot.body)))]


def _facts(snapshot: Snapshot) -> dict[str, object]:
    return {
        "snapshot_id": snapshot.id,
        "source_id": snapshot.source_id,
        "asked_for": snapshot.request.url,
        "purpose": snapshot.request.purpose,
        "answered_by": snapshot.final_url,
        "redirects": [list(hop) for hop in snapshot.redirects],
        "remote_address": snapshot.remote_address,
        "captured_at": snapshot.captured_at.isoformat(),
        "elapsed_ms": snapshot.elapsed_ms,
        "media_type": snapshot.media_type,
        "charset": snapshot.charset,
        "charset_origin": snapshot.charset_origin,
        "robots": snapshot.robots,
        "sha256": snapshot.body_hash,
        "size_bytes": len(snapshot.body),
        "tls": "verified" if snapshot.final_url.startswith(("https:", "imaps:")) else "none",
    }


def _date(snapshot: Snapshot) -> str:
    return require_aware(snapshot.captured_at).strftime("%Y-%m-%dT%H:%M:%SZ")


def _line(text: str) -> str:
    return _UNSAFE.sub(lambda found: "?" if found[0] in "\r\n" else f"%{ord(found[0]):02X}", text)
