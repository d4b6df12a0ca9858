import trl
