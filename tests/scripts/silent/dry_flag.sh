for y in tasks/*.yaml; do sky launch --dryrun -y "$y"; done
