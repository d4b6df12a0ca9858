#!/bin/bash
while ! modal run train.py; do echo retry; sleep 5; done
