"""Models that are fitted to journeys and installs: features, training, prediction, and how good they are."""
