"""Site files for tests."""

SMALL = """
[site]
name = "Testby"
languages = ["nb", "en"]
time_zone = "Europe/Oslo"

[[bodies]]
name = "Vestby kommune"
mapit_id = 101
areas = [101]
send = "email"
email = "post@vestby.example"

[[bodies.categories]]
name = "Hull i vei"
code = "POT"
"""

#: something of everything
RICH = '''
[site]
name = "Testby"
jurisdiction_id = "testby.example"
time_zone = "Europe/Oslo"
languages = ["nb", "nn", "en"]
contact_email = "post@testby.example"
undo_minutes = 5
open_posting = true
max_photos = 4
intro = """
Meld fra om det som er galt.
Vi sender det videre."""
colours = { brand = "#0A5C4A" }

[site.map]
lat = 60.0
long = 4.1
zoom = 13

[site.texts.en]
name = "Testby reports"

[[bodies]]
name = "Vestby kommune"
mapit_id = 101
areas = [101, 102]
send = "open311"
email = "post@vestby.example"
url = "https://vestby.example/"

[bodies.endpoint]
url = "http://127.0.0.1:7312/open311/"
jurisdiction_id = "vestby.example"
api_key = "s3cret-\\u00e6-key"
format = "json"
photos = "upload"
timeout_seconds = 20
statuses_in = { "Under arbeid" = "in_progress", "Lukket" = "closed" }
parameters = { source = "testby" }

[[bodies.categories]]
name = "Hull i vei"
code = "POT"
group = "Vei"
keywords = ["hull", "krater"]
description = "Hull og sprekker."
texts.nn = { name = "Hol i veg" }
texts.en = { name = "Pothole", group = "Road", description = "Holes." }

[[bodies.categories.questions]]
code = "read"
variable = false
text = "Ring 110 om det haster."

[[bodies.categories.questions]]
code = "depth"
datatype = "singlevaluelist"
required = true
text = "Hvor dypt?"
values = [{ key = "1", name = "Lite" }, "Stort"]
texts.en = { text = "How deep?", values = { "1" = "Little" } }

[[bodies.categories.questions]]
code = "lanes"
datatype = "multivaluelist"
values = ["venstre", "høyre"]

[[bodies.categories.questions]]
code = "width"
datatype = "number"

[[bodies.categories.questions]]
code = "since"
datatype = "datetime"

[[bodies.categories.questions]]
code = "more"
datatype = "text"
hint = "Alt annet."

[[bodies.categories.questions]]
code = "who"
datatype = "string"

[[bodies.categories]]
name = "Vold i hjemmet"
private = true

[[bodies]]
name = "Veietaten"
mapit_id = 103
areas = [101, 102]
send = "open311"

[[bodies.endpoints]]
name = "drift"
url = "https://drift.vei.example/"
api_key_env = "VEI_KEY"

[[bodies.endpoints]]
name = "lys"
url = "https://lys.vei.example/v2/"
api_key_file = "/run/secrets/lys"
on_unknown = "hold"

[[bodies.categories]]
name = "Hull i vei"
code = "R-POT"
private = true

[[bodies.categories.questions]]
code = "depth"
datatype = "singlevaluelist"
values = [{ key = "9", name = "Avgrunn" }, { key = "1", name = "Smått" }]

[[bodies.categories]]
name = "Gatelys"
endpoint = "lys"

[[bodies]]
name = "Nedlagt etat"
active = false
'''
