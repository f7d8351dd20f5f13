"""What can go wrong between this site and a directory. The text is for the administrator who must cure it."""


class DirectoryError(Exception):
    """A directory could not be asked, refused, or answered nonsense.

    `str(error)` names the thing and the cure in the reader's language and never holds a secret, a token or an
    address that carries one. `code` is the product's own code, as its documents list it.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code
