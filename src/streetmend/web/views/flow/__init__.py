"""Reporting a problem, one thing a page: where, what, details, check, sent.

Every step is a form that is posted to its own address and answered with a redirect (303) to the next one; `draft` carries what
was told so far. Programs may walk it as well. The fields:

- `/report/where`: `lat`, `long`, or `place` (an address that was found, as "lat,long"), `hint`
- `/report/what`: `title`, `detail`, `category` (its name for programs), `go=suggest` for suggestions only
- `/report/details`: `answer.CODE` for each question, `photos` (files), `remove` (names of photos to leave out), `alt.NAME`
- `/report/check`: `email`, `name`, `phone`, `show_name` (yes or no)
"""
