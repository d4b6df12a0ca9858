n_layer = 24
n_head = 16
n_embd = 1024
batch_size = 12
gradient_accumulation_steps = 40
max_iters = 300000
lr_decay_iters = 300000
