"""`"strategy": "rsync"`: models and data from a file server of one's own."""

from gpuspec import DownloadStrategy

RSYNC = DownloadStrategy(r"""
set -euo pipefail
if ! command -v rsync >/dev/null; then
  echo "this machine has no rsync; install it in the image or in setup"; exit 1
fi
case $GPUSPEC_SOURCE in
  -*) echo "the source begins with a dash; give rsync://server/module/path or server:path"; exit 1 ;;
  *:*) ;;
  *) echo "the source names no server; give rsync://server/module/path or server:path"; exit 1 ;;
esac
options=(--recursive --links --safe-links --times --partial-dir=.rsync-partial --timeout=60 --protect-args)
while IFS= read -r pattern; do
  [ -z "$pattern" ] || options+=("--exclude=$pattern")
done <<<"$GPUSPEC_IGNORE"
if [ -n "$GPUSPEC_ALLOW" ]; then
  options+=(--prune-empty-dirs "--include=*/")
  while IFS= read -r pattern; do options+=("--include=$pattern"); done <<<"$GPUSPEC_ALLOW"
  options+=("--exclude=*")
fi
export RSYNC_RSH="${RSYNC_RSH:-ssh -o BatchMode=yes -o ConnectTimeout=20}"
exec rsync "${options[@]}" -- "$GPUSPEC_SOURCE" "$GPUSPEC_TARGET"
""")
"""What is there is not asked for again, as with every pinned download: data that changes is named anew, or its target
removed. A password comes from the secret RSYNC_PASSWORD."""
