#!/bin/sh
in="$1"
out="denoised/$(basename "$in")"
test -s "$out" && exit 0
sbatch -p gpu --gpus=1 -t 1:00:00 --mem=64G -J "dn_$(basename "$in" .mrc)" <<EOF
#!/bin/sh
module load cryocare
cryoCARE_predict.py --conf predict.json --input $in --output $out
EOF
