"""The back office of the training room: thin views in Wagtail's admin."""
