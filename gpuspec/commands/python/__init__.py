"""Python text → what it imports and calls, and what is known of its expressions. Nothing is ever run."""
