#!/bin/bash
#SBATCH -p gpu
#SBATCH -c 8
module load gromacs
python ../../prep.py ligand.smi
gmx grompp -f ../../md.mdp -c em.gro -p topol.top -o md.tpr
gmx mdrun -deffnm md -nb gpu -pme gpu
