"""A job with everything worked out from it, what can be rented for it, and what a run costs. Talks to no cloud."""
