"""Who may pass where: gates, badges, places, lists for gates without a network, and what others are told."""
