"""Tools for an LLM agent, over the tables of one folder (Model Context Protocol)."""
