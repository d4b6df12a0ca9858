for f in a b; do gpuspec run --on local job.jsonc $f; done
