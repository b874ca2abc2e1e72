"""Maps drawn on the server: a window on the world, the operator's ground, pins, and all of it as SVG."""
