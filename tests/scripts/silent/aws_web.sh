for n in web1 web2; do
  aws ec2 run-instances --image-id ami-1 --instance-type t3.micro --tag-specifications "ResourceType=instance,Tags=[{Key=Name,Value=$n}]"
done
