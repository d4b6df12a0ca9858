for f in specs/*.jsonc; do gpuspec lint "$f"; gpuspec plan "$f"; done
