"""The language: GeoReport v2 and its extensions, the same words for client and server.

No framework, no database and no IO, but in ``client`` (a small client for scripts) and ``testing`` (an
endpoint to try things against). Imports nothing of the rest of the product.
"""
