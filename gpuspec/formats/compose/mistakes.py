"""What docker compose refuses: keys that are none. https://github.com/compose-spec/compose-spec,
schema/compose-spec.json (the file and its services take no other properties), read 2026-11-30."""

# ruff: noqa: SIM905 (a line of words reads better than forty quoted ones)

from collections.abc import Iterator
from typing import Any

from gpuspec.formats.compose.services import is_compose
from gpuspec.formats.refused import in_documents, misspelt
from gpuspec.job.problem import SchemaProblem
from gpuspec.text import Tree, pointer

_FILE = frozenset("configs include models name networks secrets services version volumes".split())
_SERVICE = frozenset(
    "annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name "
    "cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec "
    "depends_on deploy develop device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file "
    "environment expose extends external_links extra_hosts gpus group_add healthcheck hostname image init ipc "
    "isolation label_file labels links logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit "
    "models net network_mode networks oom_kill_disable oom_score_adj pid pids_limit platform ports post_start "
    "pre_start pre_stop privileged profiles provider pull_policy pull_refresh_after read_only restart runtime scale "
    "secrets security_opt shm_size stdin_open stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits "
    "use_api_socket user userns_mode uts volume_driver volumes volumes_from working_dir".split()
)
"""With those of the formats before it (version 2)."""
_TOOL = "docker compose"
_MOST_SERVICES = 500


def mistakes(tree: Tree) -> tuple[SchemaProblem, ...]:
    """All of a file."""
    return in_documents(tree, _TOOL, _of_file)


def _of_file(file: Any, place: str) -> Iterator[SchemaProblem]:
    if not is_compose(file):
        return
    yield from misspelt(file, place, _FILE, _TOOL)
    for name, service in list(file["services"].items())[:_MOST_SERVICES]:
        within = pointer("services", name)
        yield from misspelt(service, place + within, _SERVICE, _TOOL, within=within)
