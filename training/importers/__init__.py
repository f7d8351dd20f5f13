"""Files people bring to the training room."""
