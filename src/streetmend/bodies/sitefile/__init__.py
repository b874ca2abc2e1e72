"""The site file: TOML that says what the site is like, read, compared with what is there, and written."""
