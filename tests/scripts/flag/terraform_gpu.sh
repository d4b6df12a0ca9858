for user in $(cat users.txt); do
  terraform apply -auto-approve -state="$user.tfstate" -var "name=$user" -var gpu_type=a100
done
# expect GS301: 2
