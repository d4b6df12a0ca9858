"""What stands in job files of other tools and a job elsewhere can do without: by the key under which it stands.

From the tools' own references (Kubernetes API 1.34, compose-spec, SkyPilot 0.14.1, dstack 0.22), read 2026-11-30."""

from __future__ import annotations

SILENT: dict[str, frozenset[str]] = {
    "kubernetes": frozenset(
        {
            "affinity", "annotations", "apiVersion", "backoffLimit", "creationTimestamp",
            "dnsPolicy", "enableServiceLinks", "imagePullPolicy", "kind", "labels", "limits", "livenessProbe",
            "metadata", "name", "namespace", "nodeSelector", "parallelism", "progressDeadlineSeconds",
            "protocol", "readinessProbe", "replicas", "requests", "restartPolicy", "revisionHistoryLimit",
            "schedulerName", "selector", "startupProbe", "status", "strategy", "terminationGracePeriodSeconds",
            "terminationMessagePath", "terminationMessagePolicy", "tolerations", "ttlSecondsAfterFinished",
            "volumeMounts"
        }
    ),
    "compose": frozenset(
        {
            "capabilities", "container_name", "driver", "expose", "healthcheck", "hostname", "init", "ipc",
            "labels", "logging", "networks", "platform", "profiles", "pull_policy", "restart", "runtime",
            "shm_size", "stdin_open", "tty", "ulimits"
        }
    ),
    "skypilot": frozenset({"name"}),
    "dstack": frozenset({"type", "name"}),
}  # fmt: skip
"""Format → keys that say nothing of what the job does, or that only its own tool has a use for."""

DISPENSABLE: dict[str, frozenset[str]] = {
    "kubernetes": frozenset(
        {
            "automountServiceAccountToken", "completionMode", "concurrencyPolicy", "data", "deploymentStrategy",
            "dnsConfig", "emptyDir", "failedJobsHistoryLimit", "hostIPC", "hostNetwork", "hostPID", "hostname",
            "labelSelector", "manualSelector", "minReadySeconds", "nodeName", "overhead", "paused",
            "persistentVolumeClaimRetentionPolicy", "podFailurePolicy", "podManagementPolicy",
            "podReplacementPolicy", "preemptionPolicy", "priority", "priorityClassName", "pullPolicy",
            "readinessGates", "resizePolicy", "resources", "runPolicy", "runtimeClassName", "schedule",
            "securityContext", "serviceName", "setHostnameAsFQDN", "shareProcessNamespace",
            "startingDeadlineSeconds", "stdin", "stdinOnce", "subdomain", "successfulJobsHistoryLimit", "suspend",
            "timeZone", "topologySpreadConstraints", "tty", "updateStrategy", "volumes"
        }
    ),
    "compose": frozenset(
        {
            "annotations", "attach", "cap_add", "cap_drop", "cgroup", "cgroup_parent", "cpu_count", "cpu_percent",
            "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "cpus", "cpuset", "deploy",
            "develop", "device_cgroup_rules", "gpus", "dns", "dns_opt", "dns_search", "domainname", "group_add",
            "isolation", "label_file", "mac_address", "mem_limit", "mem_reservation", "mem_swappiness",
            "memswap_limit", "network_mode", "oom_kill_disable", "oom_score_adj", "pid", "pids_limit",
            "privileged", "pull_refresh_after", "read_only", "scale", "security_opt", "stop_grace_period",
            "stop_signal", "storage_opt", "sysctls", "tmpfs", "user", "userns_mode", "uts", "volumes", "depends_on",
            "links"
        }
    ),
    "skypilot": frozenset(
        {
            "cpus", "disk_tier", "labels", "load_balancing_policy", "local_disk", "memory", "network_tier",
            "priority", "priority_class"
        }
    ),
    "dstack": frozenset(
        {
            "arch", "auth", "cpu", "disk", "gateway", "https", "ide", "init", "memory", "model", "nvcc",
            "priority", "privileged", "probes", "python", "rate_limits", "retry", "shell", "shm_size",
            "single_branch", "startup_order", "stop_criteria", "stop_duration", "strip_prefix", "tags", "user",
            "utilization_policy", "version"
        }
    ),
}  # fmt: skip
"""Format → keys that an import names, and a launch does without: what only the tool's own machines have a use for,
limits, and what a rented machine gives in another way."""
