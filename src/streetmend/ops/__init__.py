"""Door: health, readiness and metrics, for the programs that watch the site."""
