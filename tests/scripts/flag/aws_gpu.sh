#!/bin/bash
for id in $(aws s3 ls s3://bucket/jobs/ | awk '{print $4}'); do
  aws --region us-east-1 ec2 run-instances --image-id ami-0abc --instance-type g5.2xlarge \
      --tag-specifications "ResourceType=instance,Tags=[{Key=job,Value=$id}]" \
      --user-data "#!/bin/bash
python3 process.py $id && shutdown -h now"
done
# expect GS301: 3
