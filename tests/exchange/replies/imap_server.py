"""A small IMAP4rev1 server (RFC 3501) for one mailbox, with the oddities of real ones as fields."""

from __future__ import annotations

import re
import shlex
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Mailboxes:
    """What the server holds: folders of mails by UID, and how it behaves."""

    folders: dict[str, dict[int, bytes]] = field(default_factory=lambda: {"INBOX": {}})
    deleted: set[tuple[str, int]] = field(default_factory=set)
    password: str = 's3c ret\\"'
    uidplus: bool = True
    #: folders may only be made below INBOX, as some servers want it
    below_inbox: bool = False
    separator: str = "/"
    #: says one byte at a time, so many seconds apart, from this command on
    drips_from: str = ""
    #: drops the connection at this command, once
    drops_at: str = ""
    seen: list[str] = field(default_factory=list)
    uid: int = 0

    def put(self, content: bytes, folder: str = "INBOX") -> int:
        self.uid += 1
        self.folders.setdefault(folder, {})[self.uid] = content
        return self.uid


class Handler(socketserver.StreamRequestHandler):
    """One conversation."""

    def handle(self) -> None:
        self.boxes: Mailboxes = self.server.boxes  # type: ignore[attr-defined] # the server of `serving`
        self.folder = ""
        self.say("* OK ready")
        while line := self.rfile.readline():
            tag, _, rest = line.decode().strip().partition(" ")
            command = " ".join(rest.upper().split()[: 2 if rest.upper().startswith("UID") else 1])
            self.boxes.seen.append(command)
            if command == self.boxes.drops_at:
                self.boxes.drops_at = ""
                return
            if command == self.boxes.drips_from:
                self.drip()
                return
            answer = getattr(self, "do_" + command.lower().replace(" ", "_"), None)
            self.say(f"{tag} {answer(self.parts(rest)) if answer else 'BAD what?'}")
            if command == "LOGOUT":
                return

    def parts(self, rest: str) -> list[str]:
        lexer = shlex.shlex(rest, posix=True)
        lexer.whitespace_split, lexer.quotes, lexer.commenters = True, '"', ""
        return list(lexer)

    def say(self, line: str | bytes) -> None:
        self.wfile.write((line.encode() if isinstance(line, str) else line) + b"\r\n")

    def drip(self) -> None:
        try:
            while True:
                self.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:
            return

    def do_capability(self, parts: list[str]) -> str:
        self.say("* CAPABILITY IMAP4rev1" + (" UIDPLUS" if self.boxes.uidplus else ""))
        return "OK done"

    def do_login(self, parts: list[str]) -> str:
        right = parts[1:] == ["answers", self.boxes.password]
        return "OK in" if right else f"NO wrong: {parts[2]}"

    def do_select(self, parts: list[str]) -> str:
        if parts[1] not in self.boxes.folders:
            return "NO no such folder"
        self.folder = parts[1]
        self.say(f"* {len(self.mails())} EXISTS")
        return "OK [READ-WRITE] selected"

    def mails(self) -> dict[int, bytes]:
        return self.boxes.folders[self.folder]

    def do_uid_search(self, parts: list[str]) -> str:
        found = [uid for uid in sorted(self.mails()) if (self.folder, uid) not in self.boxes.deleted]
        self.say("* SEARCH " + " ".join(map(str, found)))
        return "OK done"

    def do_uid_fetch(self, parts: list[str]) -> str:
        content = self.mails().get(int(parts[2]))
        if content is None:
            return "OK nothing"
        wanted = " ".join(parts[3:])
        if "RFC822.SIZE" in wanted:
            self.say(f"* 1 FETCH (UID {parts[2]} RFC822.SIZE {len(content)})")
            return "OK done"
        part = re.search(r"<0\.(\d+)>", wanted)
        sent = content[: int(part[1])] if part else content
        self.wfile.write(
            f"* 1 FETCH (UID {parts[2]} BODY[]{'<0>' if part else ''} {{{len(sent)}}}\r\n".encode()
        )
        self.say(sent + b")")
        return "OK done"

    def do_uid_store(self, parts: list[str]) -> str:
        self.boxes.deleted.add((self.folder, int(parts[2])))
        return "OK done"

    def do_uid_copy(self, parts: list[str]) -> str:
        if parts[3] not in self.boxes.folders:
            return "NO [TRYCREATE] no such folder"
        self.boxes.put(self.mails()[int(parts[2])], parts[3])
        return "OK done"

    def do_uid_expunge(self, parts: list[str]) -> str:
        if not self.boxes.uidplus:
            return "BAD no UIDPLUS here"
        self.mails().pop(int(parts[2]), None)
        return "OK done"

    def do_expunge(self, parts: list[str]) -> str:
        for folder, uid in list(self.boxes.deleted):
            if folder == self.folder:
                self.mails().pop(uid, None)
        return "OK done"

    def do_create(self, parts: list[str]) -> str:
        if self.boxes.below_inbox and not parts[1].startswith(f"INBOX{self.boxes.separator}"):
            return "NO only below INBOX"
        self.boxes.folders.setdefault(parts[1], {})
        return "OK done"

    def do_list(self, parts: list[str]) -> str:
        mark = self.boxes.separator
        if parts[2] == "":
            self.say(f'* LIST (\\Noselect) "{mark}" ""')
        elif parts[2] in self.boxes.folders:
            self.say(f'* LIST () "{mark}" "{parts[2]}"')
        return "OK done"

    def do_logout(self, parts: list[str]) -> str:
        self.say("* BYE")
        return "OK done"


class Server(socketserver.ThreadingTCPServer):
    """On a free port of this machine."""

    allow_reuse_address, daemon_threads = True, True
    boxes: Mailboxes


@contextmanager
def serving(boxes: Mailboxes) -> Iterator[int]:
    """The port of the server for as long as the block lasts."""
    with Server(("127.0.0.1", 0), Handler) as server:
        server.boxes = boxes
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()
