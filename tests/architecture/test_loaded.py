"""What a process that only answers has no use for is not loaded by it."""

from __future__ import annotations

import subprocess
import sys


def test_the_site_answers_without_the_libraries_that_call_others_and_project_maps():
    program = (
        "import sys; from streetmend.wsgi import settle; settle(); "
        "print(*{'aiohttp', 'pyproj', 'lxml.html', 'pytest'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
