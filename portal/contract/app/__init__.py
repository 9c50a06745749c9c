"""The rules about an application that uses the API, judged by what the simulator has recorded."""

# In the order in which they are shown.
from . import calls, receiver  # noqa: F401
