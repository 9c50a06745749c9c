"""The Cashlink API for web-based subscriptions. Knows no Flask, no database, nothing else of this portal.

This folder can be copied.
"""
