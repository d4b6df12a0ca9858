sky launch -y -c worker "$TASK_YAML"
