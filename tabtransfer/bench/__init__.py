"""The leaderboard harness: protocol, statistics, report."""
