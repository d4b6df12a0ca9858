"""GS8: how it is deployed."""
