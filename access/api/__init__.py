"""What gates ask over HTTP."""
