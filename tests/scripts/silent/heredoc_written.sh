#!/bin/bash
cat > launch_all.sh <<'EOF'
for f in *.wav; do
  gpu run process "$f"
done
EOF
chmod +x launch_all.sh
