"""Pages of this room: the public verify page and the download, and the back office."""
