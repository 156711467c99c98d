"""S4: decompression is bounded, and damage is told apart from size."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import brotli
import pytest
import zstandard

from monitor.egress.caps import BadEncoding, TooLarge, expand

TEXT = b"the county signed an agreement. " * 4000
RAW_DEFLATE = zlib.compressobj(9, zlib.DEFLATED, -15)
ENCODED = {
    "gzip": gzip.compress(TEXT),
    "x-gzip": gzip.compress(TEXT),
    "deflate": zlib.compress(TEXT),
    "br": brotli.compress(TEXT),
    "zstd": zstandard.compress(TEXT),
    "gzip, br": brotli.compress(gzip.compress(TEXT)),
    "identity": TEXT,
    "": TEXT,
}


@pytest.mark.parametrize("coding", list(ENCODED))
def test_codings_are_undone(coding: str) -> None:
    assert expand(ENCODED[coding], coding, len(TEXT)) == TEXT


def test_raw_deflate_and_concatenated_gzip_members() -> None:
    raw = RAW_DEFLATE.compress(TEXT) + RAW_DEFLATE.flush()
    assert expand(raw, "deflate", len(TEXT)) == TEXT
    assert expand(gzip.compress(b"a") + gzip.compress(b"b"), "gzip", 10) == b"ab"
    assert expand(gzip.compress(b"a") + b"\0\0\0", "GZIP", 10) == b"a"
    assert expand(b"", "gzip", 10) == b""


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, br"])
def test_one_byte_over_the_cap_is_too_large(coding: str) -> None:
    with pytest.raises(TooLarge):
        expand(ENCODED[coding], coding, len(TEXT) - 1)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("damage", ["truncated", "garbage", "html"])
def test_damage_is_named(coding: str, damage: str) -> None:
    whole = ENCODED[coding]
    body = {
        "truncated": whole[:-6],
        "garbage": b"\xff\xfe\xfd" * 50,
        "html": b"<html>not compressed at all</html>",
    }[damage]
    with pytest.raises((BadEncoding, TooLarge)) as caught:
        expand(body, coding, 10 * len(TEXT))
    assert isinstance(caught.value, BadEncoding)


@pytest.mark.parametrize("coding", ["compress", "rot13", "gzip, gzip, gzip"])
def test_unknown_or_stacked_codings_are_refused(coding: str) -> None:
    with pytest.raises(BadEncoding):
        expand(TEXT, coding, 1_000_000)


def bomb(coding: str) -> bytes:
    """A few hundred kB at most that expand to 256 MiB."""
    zeros = bytes(1 << 20)
    if coding == "zstd":
        frame = zstandard.ZstdCompressor(level=3).compressobj()
        return b"".join(frame.compress(zeros) for _ in range(256)) + frame.flush()
    if coding == "br":
        flow = brotli.Compressor(quality=5)
        return b"".join(flow.process(zeros) for _ in range(256)) + flow.finish()
    window = 31 if coding == "gzip" else 15
    squeeze = zlib.compressobj(9, zlib.DEFLATED, window)
    return b"".join(squeeze.compress(zeros) for _ in range(256)) + squeeze.flush()


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_bombs_cost_no_more_than_the_cap(coding: str) -> None:
    body = bomb(coding)
    assert len(body) < 1_000_000
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            expand(body, coding, 4_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40_000_000
