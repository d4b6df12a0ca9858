#!/bin/bash
SKY_BIN=$(command -v sky)
python3 -c "
import subprocess, yaml
cfg = yaml.safe_load(open('$CFG'))
for b in cfg['baselines']:
    for fold in range(3):
        if dry_run:
            print(f'[DRY] sky jobs launch {b}')
        else:
            result = subprocess.run([
                '${SKY_BIN}', 'jobs', 'launch', '${YAML}', '--name', f'{b}-{fold}',
            ], capture_output=True)
"
for x in a b; do "$SKY_BIN" launch -c "r-$x" t.yaml; done
# expect GS301: 11 15x2
