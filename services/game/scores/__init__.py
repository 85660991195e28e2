"""What counts on leaderboards: rows that features write in the transaction of what happened."""
