for n in 1 2 3 4; do
  az vm create -g rg -n "render$n" --size Standard_NC6s_v3 --image Ubuntu2204 --custom-data "frame=$n"
done
# expect GS301: 2x4
