import timm
