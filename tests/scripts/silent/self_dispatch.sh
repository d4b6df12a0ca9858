#!/bin/bash
case $1 in
  all) for s in prep train eval; do $0 $s; done ;;
  train) sky launch -y -c box train.yaml ;;
esac
