"""How the prior's tables compare with real ones."""
