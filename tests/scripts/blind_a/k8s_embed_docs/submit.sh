#!/usr/bin/env bash
set -euo pipefail
NS=${NS:-ml-batch}
for uri in $(gsutil ls "gs://corp-docs/inbox/*.pdf"); do
    doc=$(basename "$uri" .pdf | tr 'A-Z_ ' 'a-z--' | cut -c1-40)
    sed -e "s|__DOC__|${doc}|g" -e "s|__URI__|${uri}|g" job.yaml.tmpl | kubectl -n "$NS" apply -f -
done
kubectl -n "$NS" get jobs -l app=embed
