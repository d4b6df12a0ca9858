sky_run() { sky launch -y -d "$@"; }
for e in exp1 exp2; do sky_run -c $e $e.yaml; done
# expect GS301: 1x2
