"""Benchmarks that print ratios: docs/reference/benchmarks.md says what each of them means."""
