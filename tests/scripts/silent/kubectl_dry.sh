for f in jobs/*.yaml; do
  kubectl apply --dry-run=client -f "$f"   # gpu jobs
done
