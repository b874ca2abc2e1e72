"""From words to places and back: one interface, chosen by `STREETMEND_GEOCODER`.

`none`: only coordinates are understood. A path: a CSV file with the columns address, lat, long, or GeoJSON of points (either
with gzip if it ends in .gz). An http(s) address: a Nominatim server; with `photon+`, `pelias+`, `kartverket+` or `osnames+`
before it one of that kind. Each has two seconds to answer; where it does not, nothing is known, and the site goes on.
"""

from streetmend.geocode.chosen import geocoder
from streetmend.geocode.places import Found, Geocoder, Nothing, coordinates

__all__ = ["Found", "Geocoder", "Nothing", "coordinates", "geocoder"]
