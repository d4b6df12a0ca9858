#!/usr/bin/env bash
for subject in $(cat subjects.txt); do
  PYTHONUTF8=1 uv run modal run modal_app/train.py::main --subject "$subject"
done
# expect GS301: 3
