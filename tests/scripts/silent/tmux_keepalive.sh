#!/bin/bash
tmux new-session -d -s x "while true; do sky launch -y -c dev dev.yaml; sleep 3600; done"
