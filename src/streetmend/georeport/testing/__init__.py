"""An administration to test against: an endpoint with a ledger, in memory and as a real HTTP server."""
