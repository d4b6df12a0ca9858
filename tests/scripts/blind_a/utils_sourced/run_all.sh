#!/usr/bin/env bash
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$HERE/lib/utils.sh"

need aws
need jq

process() {
  local repo=$1
  info "indexing $repo"
  launch_gpu_box "idx-$(slug "$repo")" "REPO=$repo"
}

while read -r repo; do
  [[ $repo == \#* ]] && continue
  process "$repo"
done < "$HERE/repos.txt"
info "all submitted"
