aws ec2 run-instances --image-id ami-0abc --instance-type t3.large --user-data file://web.sh
sky launch -y -c infer --infra kubernetes task.yaml
