"""What can be wrong with a request: a code of the message table, the field it is about, and the HTTP status."""


class Problem(Exception):
    """Answered to a browser in the reader's language (`problem.<code>`, `cure.<code>`), to a program in English."""

    def __init__(self, status: int, code: str, field: str | None = None, **values: object) -> None:
        super().__init__(code)
        self.status, self.code, self.field, self.values = status, code, field, values
