for m in npo_klr ga_gdr; do
  modal run --detach modal_app.py::evaluate --model ckpt/$m --corpus news "$M14"
  modal run --detach modal_app.py::evaluate --model ckpt/$m --quant bnb4
done
nohup bash -c 'for i in $(seq 1 20); do modal run --detach a.py::main --spec x && break; echo "[retry $i]"; sleep 120; done' > log 2>&1 &
while true; do modal run --detach train.py; sleep 86400; done
command=(
    modal run "$R/modal_train.py"
    maxrl
)
for lr in 1 2; do "${command[@]}" --lr $lr; done
# expect GS301: 2x2 3x2 11x2
