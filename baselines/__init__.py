"""The methods that the leaderboard compares."""
