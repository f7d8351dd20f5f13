"""What other systems ask over HTTP: people, the organisation, the sync of a list, jobs."""
