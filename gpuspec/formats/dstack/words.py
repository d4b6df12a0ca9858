"""dstack's words for what a job spec says in its own: clouds and spot.

Source: dstack 0.22.5, dstack/_internal/core/models/backends/base.py and profiles.py, read 2026-11-30."""

BACKENDS = {
    "aws": "aws", "azure": "azure", "cudo": "cudo", "do": "digitalocean", "gcp": "gcp", "lambda": "lambda",
    "nebius": "nebius", "oci": "oci", "runpod": "runpod", "seeweb": "seeweb", "vast": "vastai", "verda": "verda",
}  # fmt: skip
"""Our clouds → dstack's backends."""
CLOUDS = {backend: cloud for cloud, backend in BACKENDS.items()} | {"datacrunch": "verda"}
"""dstack's backends, by names of earlier releases, too → our clouds."""
POLICIES = {"only": "spot", "allowed": "auto", "never": "on-demand"}
"""`spot` → `spot_policy`."""
SPOT = {policy: spot for spot, policy in POLICIES.items()}
"""`spot_policy` → `spot`."""
