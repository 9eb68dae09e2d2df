"""PNG pictures of pages, a third of the size: with the colours that matter."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 256
# Bytes of a pixel, by the colour type of what browsers write: 8 bits a channel, without and with transparency.
_DEPTH = {2: 3, 6: 4}


def smaller(png: bytes) -> bytes:
    """Return the picture with its 256 commonest colours; rarer ones, on the edges of letters, become the nearest."""
    width, height, depth, rows = _decode(png)
    pixels = [[row[at : at + 3] for at in range(0, len(row), depth)] for row in rows]
    counts = Counter(pixel for row in pixels for pixel in row)
    palette = [colour for colour, _ in counts.most_common(_COLOURS)]
    index = {colour: number for number, colour in enumerate(palette)}
    for colour in counts:
        if colour not in index:
            index[colour] = min(range(len(palette)), key=lambda number: _distance(palette[number], colour))
    packed = b"".join(b"\0" + bytes(index[pixel] for pixel in row) for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", header), (b"PLTE", b"".join(palette)), (b"IDAT", zlib.compress(packed, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(name, content) for name, content in parts)


def size_of(png: bytes) -> tuple[int, int]:
    """Return width and height."""
    width, height = struct.unpack(">II", dict(_chunks(png))[b"IHDR"][:8])
    return width, height


def _distance(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at : at + 8])
        yield name, png[at + 8 : at + 8 + length]
        at += 12 + length


def _decode(png: bytes) -> tuple[int, int, int, list[bytes]]:
    """Return width, height, bytes of a pixel, and the rows."""
    parts = list(_chunks(png))
    width, height, bits, kind, *_, interlaced = struct.unpack(">IIBBBBB", dict(parts)[b"IHDR"])
    if bits != 8 or kind not in _DEPTH or interlaced:
        raise ValueError("This is no picture as browsers write them.")
    depth = _DEPTH[kind]
    data = zlib.decompress(b"".join(content for name, content in parts if name == b"IDAT"))
    length = width * depth
    rows, above = [], bytes(length)
    for start in range(0, len(data), length + 1):
        above = _unfilter(data[start], bytearray(data[start + 1 : start + 1 + length]), above, depth)
        rows.append(above)
    return width, height, depth, rows


def _unfilter(kind: int, row: bytearray, above: bytes, depth: int) -> bytes:
    """Undo what a row was prepared with for compression (PNG specification, 9.2)."""
    for at in range(len(row) if kind else 0):
        left, corner = (row[at - depth], above[at - depth]) if at >= depth else (0, 0)
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = above[at]
        elif kind == 3:
            guess = (left + above[at]) // 2
        else:
            guess = _paeth(left, above[at], corner)
        row[at] = (row[at] + guess) & 0xFF
    return bytes(row)


def _paeth(left: int, above: int, corner: int) -> int:
    sum_ = left + above - corner
    return min((left, above, corner), key=lambda value: abs(sum_ - value))
