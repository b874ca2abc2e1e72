"""Reading the body of an answer, never more of it than the limit, also after decompression."""

import io
import zlib
from collections.abc import AsyncIterator

from streetmend.fetch.errors import AnswerTooLarge, AnswerUnreadable

ACCEPTED_ENCODINGS = "gzip, deflate"
_COMPRESSED = {"gzip", "x-gzip", "deflate"}
_ZLIB_OR_GZIP = zlib.MAX_WBITS | 32
#: so much is inflated at a time: a piece beside the body, not a second body
_PIECE_BYTES = 1024 * 1024


class BodyReader:
    """Collects the body of one answer, in the memory of one body; `head` says how it began, also where reading it failed."""

    def __init__(self, encoding: str, max_bytes: int) -> None:
        """`encoding` is the Content-Encoding. Raises AnswerUnreadable for one that we did not ask for."""
        # hands out what it holds without a second copy of it
        self._body = io.BytesIO()
        self._max_bytes = max_bytes
        self._came = 0
        names = [name.strip().lower() for name in encoding.split(",") if name.strip()]
        names = [name for name in names if name != "identity"]
        if len(names) > 1 or not _COMPRESSED.issuperset(names):
            raise AnswerUnreadable("The answer is compressed in a way that was not asked for")
        self._inflater = zlib.decompressobj(_ZLIB_OR_GZIP) if names else None

    async def read(self, chunks: AsyncIterator[bytes]) -> bytes:
        """The whole body. Raises AnswerTooLarge, or AnswerUnreadable where it is damaged or cut short."""
        async for chunk in chunks:
            self._came += len(chunk)
            if self._inflater is None:
                self._body.write(chunk[: self._max_bytes - self._body.tell()])
            elif self._came <= self._max_bytes:
                self._inflate(chunk)
            if self._came > self._max_bytes:
                raise self._too_large()
        if self._inflater is not None and self._came and not self._inflater.eof:
            raise AnswerUnreadable("The compressed answer is cut short")
        return self._body.getvalue()

    def head(self, size: int) -> bytes:
        """The first bytes of what has come."""
        with self._body.getbuffer() as view:
            return bytes(view[:size])

    def _inflate(self, data: bytes) -> None:
        while data:
            if self._inflater is None or self._inflater.eof:  # a gzip file may have several members
                if not data.strip(b"\0"):
                    return
                self._inflater = zlib.decompressobj(_ZLIB_OR_GZIP)
            room = self._max_bytes - self._body.tell()
            try:
                piece = self._inflater.decompress(data, min(room + 1, _PIECE_BYTES))
            except zlib.error as error:
                raise AnswerUnreadable("The compressed answer is damaged") from error
            if len(piece) > room:
                self._body.write(piece[:room])
                raise self._too_large()
            self._body.write(piece)
            data = self._inflater.unconsumed_tail or self._inflater.unused_data

    def _too_large(self) -> AnswerTooLarge:
        return AnswerTooLarge(f"The answer is larger than {self._max_bytes} bytes")
