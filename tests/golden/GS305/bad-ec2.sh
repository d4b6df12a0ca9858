aws ec2 run-instances --image-id ami-0abc --instance-type g5.xlarge --user-data 'python3 /opt/run.py'
