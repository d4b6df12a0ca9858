"""Towers: what lets a text model see and hear, and what joins the two."""
