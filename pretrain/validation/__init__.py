"""Scores on real tables that training decisions are made on."""
