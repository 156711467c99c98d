"""Bounded decompression of content codings (RFC 9110, section 8.4): gzip, deflate, br, zstd.

A bomb costs at most the cap in memory, whatever its ratio: output is asked for in bounded pieces.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import brotli
import zstandard

ACCEPT_ENCODING = "gzip, deflate, br, zstd"
MAX_CODINGS = 2
_PIECE_BYTES = 262_144
_ZSTD_STEP_BYTES = 256
_MAX_ZSTD_WINDOW = 8 * 1024 * 1024  # RFC 9659: the largest window of the zstd content coding


class TooLarge(Exception):
    """The decoded body passes the cap."""


class BadEncoding(Exception):
    """The body is not what its Content-Encoding says, or ends too early."""


def expand(body: bytes, content_encoding: str, cap_bytes: int) -> bytes:
    """The body with its content codings undone, last applied first.

    Raises TooLarge when any layer passes `cap_bytes`, BadEncoding when a coding is unknown, a
    stream is damaged or truncated, or there are more than two layers.
    """
    codings = [c for c in (p.strip().lower() for p in content_encoding.split(",")) if c]
    codings = [c for c in codings if c != "identity"]
    if len(codings) > MAX_CODINGS:
        raise BadEncoding(f"{len(codings)} content codings, at most {MAX_CODINGS} are undone")
    for coding in reversed(codings):
        pieces = _DECODERS.get(coding)
        if pieces is None:
            raise BadEncoding(f"unknown content coding {coding[:40]!r}")
        body = _collect(pieces(body), coding, cap_bytes) if body else body
    return body


def _collect(pieces: Iterator[bytes], coding: str, cap_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        for piece in pieces:
            size += len(piece)
            if size > cap_bytes:
                raise TooLarge(f"the {coding} body expands to more than {cap_bytes} bytes")
            parts.append(piece)
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise BadEncoding(f"the body is damaged {coding}: {error}") from error
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _zlib_pieces(body: bytes, window_bits: int) -> Iterator[bytes]:
    """All members, as gzip files may be concatenated (RFC 1952, section 2.2)."""
    rest = body
    while rest:
        decoder = zlib.decompressobj(window_bits)
        data = rest
        while not decoder.eof:
            piece = decoder.decompress(data, _PIECE_BYTES)
            data = decoder.unconsumed_tail
            if piece:
                yield piece
            elif not data:
                raise BadEncoding("the compressed body ends too early")
        rest = decoder.unused_data
        # Some servers pad with zero bytes; another member begins with the magic number.
        if window_bits < 16 or not rest.startswith(b"\x1f\x8b"):
            return


def _gzip(body: bytes) -> Iterator[bytes]:
    return _zlib_pieces(body, 16 + zlib.MAX_WBITS)


def _deflate(body: bytes) -> Iterator[bytes]:
    # "deflate" is zlib by the RFC and raw deflate by old servers; the first two bytes tell.
    is_zlib = len(body) >= 2 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    return _zlib_pieces(body, zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)


def _brotli(body: bytes) -> Iterator[bytes]:
    decoder = brotli.Decompressor()
    piece = decoder.process(body, output_buffer_limit=_PIECE_BYTES)
    while True:
        if piece:
            yield piece
        if decoder.is_finished():
            return
        if decoder.can_accept_more_data():
            raise BadEncoding("the compressed body ends too early")
        piece = decoder.process(b"", output_buffer_limit=_PIECE_BYTES)


def _zstd(body: bytes) -> Iterator[bytes]:
    decoder = zstandard.ZstdDecompressor(max_window_size=_MAX_ZSTD_WINDOW)
    complete = decoder.decompressobj(read_across_frames=False)
    # zstandard gives all output of a call at once, so the input is fed in small steps: a block
    # is 4 bytes at least and expands to at most 128 KiB (RFC 8878, section 3.1.1.2), so that a
    # step of 256 bytes gives at most 8 MiB before the cap is looked at again.
    for start in range(0, len(body), _ZSTD_STEP_BYTES):
        yield complete.decompress(body[start : start + _ZSTD_STEP_BYTES])
        if complete.eof:
            return
    raise BadEncoding("the compressed body ends too early")


_DECODERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
