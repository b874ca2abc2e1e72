"""What the public site answers, a module for each kind of page."""
