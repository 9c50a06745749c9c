"""The API's errors: a status and a JSON body, in the shapes that Django REST framework uses [assumed]."""

from typing import Any


class ApiError(Exception):
    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = headers or {}


def refused(errors: dict[str, Any]) -> ApiError:
    """400 with messages by field."""
    return ApiError(400, errors)


def unauthorized(detail: str) -> ApiError:
    return ApiError(401, {"detail": detail}, {"WWW-Authenticate": "Bearer"})


def forbidden(detail: str) -> ApiError:
    return ApiError(403, {"detail": detail})


def not_found() -> ApiError:
    return ApiError(404, {"detail": "Not found."})


def conflict(detail: str) -> ApiError:
    return ApiError(409, {"detail": detail})
