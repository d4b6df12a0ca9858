#!/bin/bash
trap 'sky down -y worker' EXIT
sky launch -y -c worker task.yaml
