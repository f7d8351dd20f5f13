"""SCORM packages: what is in them, what may be served of them, and what their reports count for."""
