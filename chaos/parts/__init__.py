"""One module for each part: see `chaos.part`."""
