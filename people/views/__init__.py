"""Pages of people: signing in, display preferences, and the back office of HR."""
