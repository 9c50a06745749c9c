"""The demo as one archive for people without Python: `make bundle`. Nothing here is part of the portal."""
