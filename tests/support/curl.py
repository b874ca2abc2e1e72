"""As much of `curl` as the documentation uses, so that its commands run where there is none: `python -m tests.support.curl`."""

from __future__ import annotations

import http.client
import sys
from argparse import ArgumentParser
from pathlib import Path
from urllib.parse import quote_plus, urlsplit

from streetmend.georeport.multipart import write_form
from streetmend.georeport.types import Upload


def main() -> None:
    parser = ArgumentParser(allow_abbrev=False)
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data", action="append", type=lambda text: text, default=[])
    parser.add_argument(
        "--data-urlencode", dest="data", action="append",
        type=lambda text: f"{text.partition('=')[0]}={quote_plus(text.partition('=')[2])}",
    )  # fmt: skip
    parser.add_argument("-F", dest="form", action="append", default=[])
    parser.add_argument("url")
    asked = parser.parse_args()
    headers = dict(line.split(": ", 1) for line in asked.headers)
    body = "&".join(asked.data).encode()
    if body:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if asked.form:
        pairs = [one.partition("=")[::2] for one in asked.form]
        fields = [(name, value) for name, value in pairs if not value.startswith("@")]
        files = [
            Upload(
                field=name,
                filename=Path(value[1:]).name,
                content_type="image/png",
                content=Path(value[1:]).read_bytes(),
            )
            for name, value in pairs
            if value.startswith("@")
        ]
        headers["Content-Type"], body = write_form(fields, files)
    parts = urlsplit(asked.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    connection.request("POST" if body else "GET", target, body or None, headers)
    sys.stdout.buffer.write(connection.getresponse().read())


if __name__ == "__main__":
    main()
