"""Cashlink's API as far as the portal needs it."""

from flask import Flask

from . import description, dispatch, documents, info, investments, investors, token


def init_app(app: Flask) -> None:
    dispatch.init_app(app)
    for module in (token, documents, investors, investments, info, description):
        app.register_blueprint(module.bp)
