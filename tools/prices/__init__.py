"""Builds the table of prices that ships."""
