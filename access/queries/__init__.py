"""What other rooms and pages read about gates, badges and places."""
