"""Whether a document passes schemas/job.schema.json. Written by tools.reference; do not edit."""

import re


class Rejected(Exception):
    """The document does not pass."""


def accepts(document: object) -> bool:
    """True if it passes."""
    try:
        shape_0(document)
    except Rejected:
        return False
    return True


def members(data, shapes, closed=False):
    for field, value in data.items():
        shape = shapes.get(field)
        if shape: shape(value)
        elif closed: raise Rejected


def shape_0(data):
    if not isinstance(data, (dict)): raise Rejected
    members(data, {"$schema": shape_1, "name": shape_2, "task": shape_3, "model": shape_4, "gpu_types": shape_17, "gpu_count": shape_9, "nodes": shape_9, "min_vram": shape_19, "max_price": shape_14, "budget": shape_20, "spot": shape_23, "hosts": shape_24, "clouds": shape_25, "regions": shape_25, "keep_alive_minutes": shape_26, "downloads": shape_27, "workdir": shape_5, "include": shape_25, "outputs": shape_25, "exclude_outputs": shape_25, "disk_gb": shape_33, "image": shape_5, "env": shape_34, "secrets": shape_36, "setup": shape_38, "run": shape_5, "items": shape_41, "ports": shape_42, "readiness": shape_46, "checkpoint": shape_50, "scaling": shape_51, "traffic": shape_54, "users": shape_8, "slo": shape_59, "schedule": shape_61, "min_utilization": shape_64, "cache": shape_5, "labels": shape_68, "notify": shape_69, "project_id": shape_2, "gpu_type": shape_18, "cooldown_minutes": shape_26, "download": shape_27, "startup": shape_5, "docker_image": shape_5, "workspace_size_gb": shape_33, "provider": shape_5, "template": shape_71, "profile": shape_5, "cloud_type": shape_5, "storage_mode": shape_5, "network_volume_id": shape_5, "outputs_enabled": shape_12, "extra_outputs": shape_72, "persistent_proxy": shape_12, "health_check_paths": shape_25, "resume_timeout_secs": shape_73, "encryption": shape_12, "volume_mode": shape_5, "inputs": shape_74, "environment": shape_75, "hooks": shape_83, "serverless": shape_86}, closed=True)
def shape_86(data):
    if not isinstance(data, (dict)): raise Rejected
    members(data, {"template": shape_5, "gpu_type": shape_5, "gpu_types": shape_87, "scaling": shape_88, "volume": shape_90, "prewarm": shape_91, "runpod": shape_45})
def shape_45(data):
    if not isinstance(data, (dict)): raise Rejected
def shape_91(data):
    if not isinstance(data, (dict)): raise Rejected
    members(data, {"enabled": shape_12, "mode": shape_5, "models": shape_25})
def shape_90(data):
    if not isinstance(data, (dict)): raise Rejected
    members(data, {"name": shape_5, "size_gb": shape_33, "mount_path": shape_5})
def shape_88(data):
    if not isinstance(data, (dict)): raise Rejected
    members(data, {"min_workers": shape_52, "max_workers": shape_52, "idle_timeout": shape_89})
def shape_89(data):
    if (not isinstance(data, (int, float)) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data < 0 or data > 2592000)): raise Rejected
def shape_52(data):
    if (not isinstance(data, (int)) and not (isinstance(data, float) and data.is_integer()) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data < 0 or data > 10000)): raise Rejected
def shape_87(data):
    if not isinstance(data, (list, tuple)): raise Rejected
    if len(data) > 100: raise Rejected
    for data_item in data: shape_18(data_item)
def shape_83(data):
    if not isinstance(data, (dict)): raise Rejected
    members(data, {"readiness": shape_84})
def shape_84(data):
    if not isinstance(data, (dict)): raise Rejected
    members(data, {"type": shape_5, "name": shape_5, "run": shape_48, "command": shape_48, "url": shape_5, "retry_count": shape_85, "retry_delay_secs": shape_73, "timeout_secs": shape_49})
def shape_49(data):
    if (not isinstance(data, (int, float)) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data > 86400 or data <= 0)): raise Rejected
def shape_85(data):
    if (not isinstance(data, (int)) and not (isinstance(data, float) and data.is_integer()) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data < 0 or data > 1000000)): raise Rejected
def shape_48(data):
    if (not isinstance(data, (str, list, tuple))) or ((isinstance(data, str)) and (len(data) < 1)): raise Rejected
    if isinstance(data, (list, tuple)):
        if len(data) < 1: raise Rejected
        for data_item in data: shape_1(data_item)
def shape_75(data):
    if not isinstance(data, (dict)): raise Rejected
    members(data, {"base_image": shape_5, "system": shape_76, "python": shape_79, "shell": shape_80})
def shape_80(data):
    if not isinstance(data, (dict)): raise Rejected
    members(data, {"steps": shape_81}, closed=True)
def shape_81(data):
    if not isinstance(data, (list, tuple)): raise Rejected
    if len(data) > 1000: raise Rejected
    for data_item in data: shape_82(data_item)
def shape_82(data):
    if not isinstance(data, (dict)): raise Rejected
    if set(['run']) - data.keys(): raise Rejected
    members(data, {"run": shape_5, "only_once": shape_12, "timeout_sec": shape_40}, closed=True)
def shape_40(data):
    if (not isinstance(data, (int, float)) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data > 604800 or data <= 0)): raise Rejected
def shape_79(data):
    if not isinstance(data, (dict)): raise Rejected
    members(data, {"requirements": shape_5, "package_manager": shape_5, "allow_global_pip": shape_12, "pip_global": shape_77})
def shape_77(data):
    if not isinstance(data, (list, tuple)): raise Rejected
    if len(data) > 1000: raise Rejected
    for data_item in data: shape_78(data_item)
def shape_78(data):
    if (not isinstance(data, (str, dict))) or ((isinstance(data, str)) and (len(data) < 1)): raise Rejected
    if isinstance(data, dict):
        if set(['name']) - data.keys(): raise Rejected
        members(data, {"name": shape_5, "version": shape_5}, closed=True)
def shape_76(data):
    if not isinstance(data, (dict)): raise Rejected
    members(data, {"apt": shape_77}, closed=True)
def shape_74(data):
    if not isinstance(data, (list, tuple, dict)): raise Rejected
def shape_73(data):
    if (not isinstance(data, (int, float)) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data < 0 or data > 86400)): raise Rejected
def shape_72(data):
    if not isinstance(data, (list, tuple)): raise Rejected
    if len(data) > 1000: raise Rejected
    for data_item in data: shape_45(data_item)
def shape_12(data):
    if not isinstance(data, (bool)): raise Rejected
def shape_71(data):
    if not isinstance(data, (dict)): raise Rejected
    members(data, {"name": shape_1, "description": shape_1, "author": shape_1})
def shape_18(data):
    if (not isinstance(data, (str, dict))) or ((isinstance(data, str)) and (len(data) < 1)): raise Rejected
    if isinstance(data, dict):
        if set(['type']) - data.keys(): raise Rejected
        members(data, {"type": shape_5, "count": shape_9}, closed=True)
def shape_69(data):
    if not isinstance(data, (dict)): raise Rejected
    if set(['webhook']) - data.keys(): raise Rejected
    members(data, {"webhook": shape_70}, closed=True)
def shape_70(data):
    if (not isinstance(data, (str))) or ((isinstance(data, str)) and (len(data) < 1 or not re.search('^(https://[^/\\s@]+(/\\S*)?|\\$[A-Za-z_][A-Za-z0-9_]*)\\Z', data))): raise Rejected
def shape_68(data):
    if not isinstance(data, (dict)): raise Rejected
    data_keys = set(data.keys())
    for data_key in data_keys:
        if data_key not in []:
            data_value = data.get(data_key)
            shape_35(data_value)
def shape_35(data):
    if not isinstance(data, (str, int, float, bool)): raise Rejected
def shape_64(data):
    if not isinstance(data, (dict)): raise Rejected
    if set(['gpu']) - data.keys(): raise Rejected
    members(data, {"gpu": shape_65, "minutes": shape_66, "then": shape_67}, closed=True)
def shape_67(data):
    if not isinstance(data, (str)) or not (isinstance(data, str) and data == 'warn' or isinstance(data, str) and data == 'end'): raise Rejected
def shape_66(data):
    if (not isinstance(data, (int, float)) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data > 1440 or data <= 0)): raise Rejected
def shape_65(data):
    if (not isinstance(data, (int, float)) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data > 100 or data <= 0)): raise Rejected
def shape_61(data):
    if not isinstance(data, (dict)): raise Rejected
    members(data, {"hours_per_month": shape_62, "runs_per_month": shape_63}, closed=True)
def shape_63(data):
    if (not isinstance(data, (int, float)) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data > 1000000 or data <= 0)): raise Rejected
def shape_62(data):
    if (not isinstance(data, (int, float)) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data > 744 or data <= 0)): raise Rejected
def shape_59(data):
    if not isinstance(data, (dict)): raise Rejected
    members(data, {"ttft_ms": shape_60, "tpot_ms": shape_60, "tokens_per_second": shape_14}, closed=True)
def shape_60(data):
    if (not isinstance(data, (int, float)) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data > 3600000 or data <= 0)): raise Rejected
def shape_8(data):
    if (not isinstance(data, (int)) and not (isinstance(data, float) and data.is_integer()) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data < 1 or data > 1000000)): raise Rejected
def shape_54(data):
    if not isinstance(data, (dict)): raise Rejected
    members(data, {"requests_per_day": shape_55, "input_tokens": shape_56, "output_tokens": shape_56, "peak_factor": shape_57, "growth_per_month": shape_58}, closed=True)
def shape_58(data):
    if (not isinstance(data, (int, float)) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data < -0.9 or data > 10)): raise Rejected
def shape_57(data):
    if (not isinstance(data, (int, float)) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data < 1 or data > 1000)): raise Rejected
def shape_56(data):
    if (not isinstance(data, (int, float)) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data < 0 or data > 100000000.0)): raise Rejected
def shape_55(data):
    if (not isinstance(data, (int, float)) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data < 0 or data > 1000000000000.0)): raise Rejected
def shape_51(data):
    if not isinstance(data, (dict)): raise Rejected
    members(data, {"min": shape_52, "max": shape_53, "idle_minutes": shape_26}, closed=True)
def shape_53(data):
    if (not isinstance(data, (int)) and not (isinstance(data, float) and data.is_integer()) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data < 1 or data > 10000)): raise Rejected
def shape_50(data):
    if not isinstance(data, (dict)): raise Rejected
    members(data, {"path": shape_5, "every_minutes": shape_14}, closed=True)
def shape_46(data):
    if not isinstance(data, (dict)): raise Rejected
    members(data, {"http": shape_47, "command": shape_48, "timeout": shape_40, "interval": shape_49, "attempt_timeout": shape_49}, closed=True)
    try:
        if isinstance(data, dict):
            data_keys = set(data.keys())
            if "http" in data_keys:
                data_keys.remove("http")
                data__http = data["http"]
                raise Rejected
    except Rejected:
        pass
    else:
        if isinstance(data, dict):
            if set(['command']) - data.keys(): raise Rejected
            data_keys = set(data.keys())
            if "command" in data_keys:
                data_keys.remove("command")
                data__command = data["command"]
                pass
def shape_47(data):
    if (not isinstance(data, (str))) or ((isinstance(data, str)) and (len(data) < 1 or not re.search('^https?://[^/\\s]', data))): raise Rejected
def shape_42(data):
    if not isinstance(data, (list, tuple)): raise Rejected
    if len(data) > 1000: raise Rejected
    for data_item in data: shape_43(data_item)
def shape_43(data):
    if (not isinstance(data, (int, dict)) and not (isinstance(data, float) and data.is_integer()) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data < 1 or data > 65535)): raise Rejected
    if isinstance(data, dict):
        if set(['port']) - data.keys(): raise Rejected
        members(data, {"port": shape_44, "description": shape_1, "public": shape_12, "http": shape_45}, closed=True)
def shape_44(data):
    if (not isinstance(data, (int)) and not (isinstance(data, float) and data.is_integer()) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data < 1 or data > 65535)): raise Rejected
def shape_41(data):
    if (not isinstance(data, (str, list, tuple))) or ((isinstance(data, str)) and (len(data) < 1)): raise Rejected
    if isinstance(data, (list, tuple)):
        if len(data) < 1: raise Rejected
        for data_item in data: shape_5(data_item)
def shape_38(data):
    if (not isinstance(data, (list, tuple, str))) or ((isinstance(data, str)) and (len(data) < 1)): raise Rejected
    if isinstance(data, (list, tuple)):
        if len(data) > 1000: raise Rejected
        for data_item in data: shape_39(data_item)
def shape_39(data):
    if (not isinstance(data, (str, dict))) or ((isinstance(data, str)) and (len(data) < 1)): raise Rejected
    if isinstance(data, dict):
        if set(['run']) - data.keys(): raise Rejected
        members(data, {"run": shape_5, "once": shape_12, "timeout": shape_40}, closed=True)
def shape_36(data):
    if not isinstance(data, (list, tuple)): raise Rejected
    if len(data) > 1000: raise Rejected
    for data_item in data: shape_37(data_item)
def shape_37(data):
    if (not isinstance(data, (str))) or ((isinstance(data, str)) and (not re.search('^[A-Za-z_][A-Za-z0-9_]*\\Z', data))): raise Rejected
def shape_34(data):
    if not isinstance(data, (dict)): raise Rejected
    data_keys = set(data.keys())
    for data_key in data_keys:
        if data_key not in []:
            data_value = data.get(data_key)
            shape_35(data_value)
    if len(data) != 0:
        data_property_names = True
        for data_key in data:
            try:
                if (isinstance(data_key, str)) and (not re.search('^[A-Za-z_][A-Za-z0-9_]*\\Z', data_key)): raise Rejected
            except Rejected:
                data_property_names = False
        if not data_property_names: raise Rejected
def shape_33(data):
    if (not isinstance(data, (int, float)) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data < 1 or data > 1000000)): raise Rejected
def shape_5(data):
    if (not isinstance(data, (str))) or ((isinstance(data, str)) and (len(data) < 1)): raise Rejected
def shape_27(data):
    if not isinstance(data, (list, tuple)): raise Rejected
    if len(data) > 1000: raise Rejected
    for data_item in data: shape_28(data_item)
def shape_28(data):
    if not isinstance(data, (dict)): raise Rejected
    if set(['strategy', 'source']) - data.keys(): raise Rejected
    members(data, {"strategy": shape_29, "source": shape_5, "target": shape_5, "revision": shape_5, "allow": shape_30, "ignore": shape_30, "sha256": shape_31, "timeout": shape_32}, closed=True)
    try:
        if isinstance(data, dict):
            if set(['strategy']) - data.keys(): raise Rejected
            data_keys = set(data.keys())
            if "strategy" in data_keys:
                data_keys.remove("strategy")
                data__strategy = data["strategy"]
                if not (isinstance(data__strategy, str) and data__strategy == 'http' or isinstance(data__strategy, str) and data__strategy == 'https'): raise Rejected
    except Rejected:
        pass
    else:
        if isinstance(data, dict):
            data_keys = set(data.keys())
            if "source" in data_keys:
                data_keys.remove("source")
                data__source = data["source"]
                if (isinstance(data__source, str)) and (not re.search('^https?://[^/\\s]', data__source)): raise Rejected
def shape_32(data):
    if (not isinstance(data, (int)) and not (isinstance(data, float) and data.is_integer()) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data < 1 or data > 604800)): raise Rejected
def shape_31(data):
    if (not isinstance(data, (str))) or ((isinstance(data, str)) and (not re.search('^[0-9A-Fa-f]{64}\\Z', data))): raise Rejected
def shape_30(data):
    if (not isinstance(data, (list, tuple, str))) or ((isinstance(data, str)) and (len(data) < 1)): raise Rejected
    if isinstance(data, (list, tuple)):
        if len(data) > 1000: raise Rejected
        for data_item in data: shape_5(data_item)
def shape_29(data):
    if (not isinstance(data, (str)) or not (isinstance(data, str) and data == 'hf' or isinstance(data, str) and data == 'http' or isinstance(data, str) and data == 'https' or isinstance(data, str) and data == 's3' or isinstance(data, str) and data == 'gs' or isinstance(data, str) and data == 'git' or isinstance(data, str) and data == 'git-lfs' or isinstance(data, str) and data == 'civitai' or isinstance(data, str) and data == 'script')) or ((isinstance(data, str)) and (len(data) < 1)): raise Rejected
def shape_26(data):
    if (not isinstance(data, (int, float)) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data < 0 or data > 43200)): raise Rejected
def shape_25(data):
    if not isinstance(data, (list, tuple)): raise Rejected
    if len(data) > 1000: raise Rejected
    for data_item in data: shape_5(data_item)
def shape_24(data):
    if (not isinstance(data, (str)) or not (isinstance(data, str) and data == 'secure' or isinstance(data, str) and data == 'any')) or ((isinstance(data, str)) and (len(data) < 1)): raise Rejected
def shape_23(data):
    if (not isinstance(data, (str)) or not (isinstance(data, str) and data == 'never' or isinstance(data, str) and data == 'allowed' or isinstance(data, str) and data == 'only')) or ((isinstance(data, str)) and (len(data) < 1)): raise Rejected
def shape_20(data):
    if not isinstance(data, (dict)): raise Rejected
    members(data, {"max_total": shape_21, "max_hours": shape_22}, closed=True)
def shape_22(data):
    if (not isinstance(data, (int, float)) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data > 87600 or data <= 0)): raise Rejected
def shape_21(data):
    if (not isinstance(data, (int, float)) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data > 100000000 or data <= 0)): raise Rejected
def shape_14(data):
    if (not isinstance(data, (int, float)) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data > 100000 or data <= 0)): raise Rejected
def shape_19(data):
    if (not isinstance(data, (int, float)) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data < 0 or data > 2000)): raise Rejected
def shape_9(data):
    if (not isinstance(data, (int)) and not (isinstance(data, float) and data.is_integer()) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data < 1 or data > 1024)): raise Rejected
def shape_17(data):
    if not isinstance(data, (list, tuple)): raise Rejected
    if len(data) < 1 or len(data) > 100: raise Rejected
    for data_item in data: shape_18(data_item)
def shape_4(data):
    if (not isinstance(data, (dict, str))) or ((isinstance(data, str)) and (len(data) < 1)): raise Rejected
    if isinstance(data, dict):
        members(data, {"id": shape_5, "quantization": shape_5, "dtype": shape_6, "kv_dtype": shape_5, "context": shape_7, "concurrency": shape_8, "engine": shape_5, "tensor_parallel": shape_9, "pipeline_parallel": shape_9, "data_parallel": shape_10, "method": shape_11, "optimizer": shape_5, "sequence": shape_7, "batch": shape_8, "gradient_accumulation": shape_8, "gradient_checkpointing": shape_12, "lora_rank": shape_10, "sharding": shape_13, "params_b": shape_14, "resolution": shape_15}, closed=True)
def shape_15(data):
    if not isinstance(data, (list, tuple)): raise Rejected
    if len(data) < 2 or len(data) > 2: raise Rejected
    for data_item in data: shape_16(data_item)
def shape_16(data):
    if (not isinstance(data, (int)) and not (isinstance(data, float) and data.is_integer()) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data < 8 or data > 65536)): raise Rejected
def shape_13(data):
    if (not isinstance(data, (str)) or not (isinstance(data, str) and data == 'none' or isinstance(data, str) and data == 'ddp' or isinstance(data, str) and data == 'fsdp' or isinstance(data, str) and data == 'fsdp-offload' or isinstance(data, str) and data == 'zero1' or isinstance(data, str) and data == 'zero2' or isinstance(data, str) and data == 'zero3' or isinstance(data, str) and data == 'zero1-offload' or isinstance(data, str) and data == 'zero2-offload' or isinstance(data, str) and data == 'zero3-offload')) or ((isinstance(data, str)) and (len(data) < 1)): raise Rejected
def shape_11(data):
    if (not isinstance(data, (str)) or not (isinstance(data, str) and data == 'full' or isinstance(data, str) and data == 'lora' or isinstance(data, str) and data == 'qlora')) or ((isinstance(data, str)) and (len(data) < 1)): raise Rejected
def shape_10(data):
    if (not isinstance(data, (int)) and not (isinstance(data, float) and data.is_integer()) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data < 1 or data > 65536)): raise Rejected
def shape_7(data):
    if (not isinstance(data, (int)) and not (isinstance(data, float) and data.is_integer()) or isinstance(data, bool)) or ((isinstance(data, (int, float)) and not isinstance(data, bool)) and (data < 1 or data > 100000000)): raise Rejected
def shape_6(data):
    if (not isinstance(data, (str)) or not (isinstance(data, str) and data == 'auto' or isinstance(data, str) and data == 'fp32' or isinstance(data, str) and data == 'float32' or isinstance(data, str) and data == 'float' or isinstance(data, str) and data == 'tf32' or isinstance(data, str) and data == 'bf16' or isinstance(data, str) and data == 'bfloat16' or isinstance(data, str) and data == 'fp16' or isinstance(data, str) and data == 'float16' or isinstance(data, str) and data == 'half' or isinstance(data, str) and data == 'fp8' or isinstance(data, str) and data == 'fp4' or isinstance(data, str) and data == 'int8' or isinstance(data, str) and data == 'int4')) or ((isinstance(data, str)) and (len(data) < 1)): raise Rejected
def shape_3(data):
    if (not isinstance(data, (str)) or not (isinstance(data, str) and data == 'serve' or isinstance(data, str) and data == 'batch' or isinstance(data, str) and data == 'train' or isinstance(data, str) and data == 'interactive')) or ((isinstance(data, str)) and (len(data) < 1)): raise Rejected
def shape_2(data):
    if (not isinstance(data, (str))) or ((isinstance(data, str)) and (len(data) < 1 or len(data) > 200)): raise Rejected
def shape_1(data):
    if not isinstance(data, (str)): raise Rejected
