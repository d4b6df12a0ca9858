ID=$(vastai search offers 'gpu_name=RTX_4090' --raw | jq '.[0].id')
vastai create instance $ID --image acme/train --disk 40 --onstart-cmd 'python train.py'
