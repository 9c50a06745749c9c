"""The rules about Cashlink's API, tried at the simulator or at Cashlink itself."""

# In the order in which they are tried: what moves the clock comes last.
from . import access, answers, objects, subscriptions, webhooks, keys  # noqa: F401, I001
