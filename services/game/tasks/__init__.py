"""Task challenges: rules over events, progress, rewards, check-ins and streaks."""
