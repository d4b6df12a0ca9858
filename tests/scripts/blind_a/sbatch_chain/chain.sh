#!/bin/bash
# the queue only gives us 24h, so chain 6 legs of the same run
jid=$(sbatch --parsable pretrain.sbatch)
for leg in 2 3 4 5 6; do
  jid=$(sbatch --parsable --dependency=afterany:$jid pretrain.sbatch)
  echo "leg $leg: $jid"
done
