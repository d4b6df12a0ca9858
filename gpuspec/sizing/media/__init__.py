"""Memory of models that make pictures and videos, and of those that hear."""
