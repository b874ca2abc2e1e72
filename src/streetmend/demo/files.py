"""Where the demo's files lie in the package."""

from pathlib import Path

DATA = Path(__file__).parent / "data"
