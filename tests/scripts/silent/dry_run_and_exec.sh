for i in a b c; do
  gpuspec run --dry-run job.jsonc $i
  sky exec box "python run.py $i"
  sky down -y box-$i
done
