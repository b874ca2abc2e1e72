"""What an Open311 server can and cannot do, found out by reading alone: nothing is posted and nothing is changed."""

from streetmend.exchange.probing.probe import probe
from streetmend.exchange.probing.values import Ability, Finding, Probed

__all__ = ["Ability", "Finding", "Probed", "probe"]
