#!/bin/bash
sky launch -y -d -c chat .tasks/chat.yaml
