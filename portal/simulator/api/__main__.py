"""`python -m portal.simulator.api`: make the shipped description anew."""

from .description import write

write()
