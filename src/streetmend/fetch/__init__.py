"""The one place that opens an outbound socket."""
