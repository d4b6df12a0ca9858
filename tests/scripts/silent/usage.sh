#!/usr/bin/env bash
usage() {
  cat <<EOF
Usage: $0 FILE...
  for f in *.yaml; do sky launch -y \$f; done
EOF
}
case "$1" in
  -h) usage ;;
  up) sky launch -y -c dev dev.yaml ;;
  down) sky down -y dev ;;
esac
for f in "$@"; do wc -l "$f"; done
