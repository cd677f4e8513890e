"""The one exception that tabtransfer raises for input or settings it can't use."""


class TabTransferError(ValueError):
    """Say what is wrong, where (columns by name), and the way out."""
