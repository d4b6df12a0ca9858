#!/bin/bash
# DiffDock for all the complexes in the csv
mkdir -p jobs out
tail -n +2 complexes.csv | while IFS=, read -r name protein ligand; do
sbatch <<EOF
#!/bin/bash
#SBATCH --job-name=dd_${name}
#SBATCH --partition=gpu-short
#SBATCH --gres=gpu:a40:1
#SBATCH --time=00:20:00
#SBATCH --mem=24G
#SBATCH --output=out/${name}.log

source ~/miniconda3/etc/profile.d/conda.sh
conda activate diffdock
cd ~/DiffDock
python -m inference --protein_path ${protein} --ligand "${ligand}" --complex_name ${name} --out_dir $PWD/out
EOF
done
