"""From words to places and back: one interface, chosen by `STREETMEND_GEOCODER`.

`none`: only coordinates are understood. A path: a CSV file (gzip if it ends in .gz) with the columns address, lat, long.
An http(s) address: a Nominatim server, which has two seconds to answer.
"""

from streetmend.geocode.chosen import geocoder
from streetmend.geocode.places import Found, Geocoder, Nothing, coordinates

__all__ = ["Found", "Geocoder", "Nothing", "coordinates", "geocoder"]
