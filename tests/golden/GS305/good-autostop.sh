sky launch -y -c worker good-autostop.yaml
