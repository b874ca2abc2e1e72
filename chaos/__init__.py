"""Faults and crashes at full size: docs/reference/chaos.md says what each part does to the product and what must hold."""
