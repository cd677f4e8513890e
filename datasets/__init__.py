"""Real tables: records, suites, splits and fingerprints."""
