"""Programs and Python files that use no GPU, and Python files that use one however many there are."""

# ruff: noqa: SIM905 (a line of words reads better than forty quoted ones)

import itertools
import re
import sys

from gpuspec.commands.steps import Step, python_text

CPU_ONLY = frozenset(
    "aws gsutil gcloud az azcopy rclone rsync scp s3cmd s5cmd wget curl aria2c tar zip unzip gzip gunzip zstd 7z "
    "split jq awk sed sort grep cut find xargs wc head tail md5sum sha256sum sqlite3 psql mysql duckdb convert "
    "magick pandoc tree hf huggingface-cli ffprobe sox x264 x265".split()
)
"""Programs that no GPU makes faster."""
SILENT = frozenset(
    "cd echo printf ls mkdir rm cp mv ln touch cat chmod chown date env export set source true false : pwd whoami "
    "hostname uname df du free pip pip3 apt apt-get conda git test [ exit sync tee sleep wait ulimit trap "
    "module basename dirname".split()
)
"""Programs that prepare or wait: a job of these alone is not judged."""

_GPU_FILTERS = re.compile(
    r"nvenc|nvdec|cuvid|cuda|hwaccel|npp|vaapi|qsv|opencl|vulkan|placebo|amf|whisper|libvmaf|\bdnn|tensorrt"
)
_SOFTWARE = frozenset(
    "copy libx264 libx264rgb libx265 libvpx libvpx-vp9 libaom-av1 libsvtav1 librav1e libxvid mpeg4 mpeg2video prores "
    "prores_ks prores_aw dnxhd ffv1 mjpeg libwebp gif rawvideo".split()
)
"""ffmpeg's encoders that run on the CPU (ffmpeg-codecs, 7.1, read 2026-11-30)."""

_TABLES = frozenset(
    "sklearn xgboost lightgbm catboost pandas polars scipy statsmodels duckdb prophet networkx gensim nltk "
    "dask imblearn hdbscan umap".split()
)
"""Packages that work on the CPU unless they are told a device."""
_BESIDE = frozenset(
    "numpy matplotlib seaborn plotly joblib pyarrow requests boto3 bs4 lxml PIL tqdm openpyxl sqlalchemy psycopg2 "
    "s3fs fsspec gcsfs dateutil pytz shap optuna tabulate fastparquet category_encoders".split()
)
"""Packages that say nothing of a GPU either way."""
_ANY_DEVICE = re.compile(
    r"cuda|gpu|device|rapids|cudf|cuml|cupy|numba|importlib|__import__|exec\(|eval\(|subprocess|os\.system|popen"
    r"|yaml|toml|argparse|environ|sys\.argv\[|json\.load|\*\*(?!\s*\d)",
    re.IGNORECASE,
)
"""Signs that a GPU is used, or that what is used stands elsewhere."""

_TORCH = frozenset(
    "torch torchvision torchaudio timm open_clip clip transformers tokenizers datasets diffusers "
    "sentence_transformers einops cv2 librosa soundfile safetensors huggingface_hub evaluate tensorboard wandb "
    "whisper peft yaml h5py skimage albumentations kornia torchmetrics segmentation_models_pytorch sentencepiece "
    "webdataset ftfy".split()
)
"""Packages by which a file uses the GPU that it names."""
_ONE_DEVICE = re.compile(r"\.cuda\(\s*\)|[\"']cuda(?::0)?[\"']")
_SEVERAL = re.compile(
    r"parallel|fsdp|fully_shard|distributed|accelerat|trainer|deepspeed|device_map|multi_?process|device_count"
    r"|cuda:[1-9{]|cuda:[\"']|set_device|spawn|visible_devices|subprocess|os\.system|popen|gpus|world_size|rank"
    r"|concurrent|threading|importlib|exec\(|ray\b|device_ids|device_index",
    re.IGNORECASE,
)
_LARGEST = 1 << 17


def uses_no_gpu(step: Step) -> bool:
    """Whether a command is known to leave the GPU alone while it works."""
    if any(wrapper.image for wrapper in step.command.wrappers):
        return False
    name = step.command.name
    if name in CPU_ONLY:
        return True
    if name == "ffmpeg":
        return _encodes_in_software(step)
    found = python_text(step) if name.startswith("python") else None
    return found is not None and on_cpu(found[0])


def _encodes_in_software(step: Step) -> bool:
    words = [word.text for word in step.command.words]
    if any(_GPU_FILTERS.search(word) for word in words):
        return False
    follows = dict(itertools.pairwise(words))
    codec = next(
        (follows[flag] for flag in ("-c:v", "-vcodec", "-codec:v", "-c", "-codec") if flag in follows), None
    )
    return codec in _SOFTWARE or "-vn" in words


def on_cpu(text: str) -> bool:
    """Whether a Python file works with packages of the CPU alone, and names no device."""
    packages = _packages(text)
    if packages is None or _ANY_DEVICE.search(text):
        return False
    return bool(packages & _TABLES) and packages <= _TABLES | _BESIDE


def on_one_gpu(text: str) -> bool:
    """Whether a Python file puts its work on "cuda", which is one GPU, and has nothing that would reach others:
    neither a module of its own nor a word of several."""
    packages = _packages(text)
    if packages is None or "torch" not in packages or _SEVERAL.search(text):
        return False
    return _ONE_DEVICE.search(text) is not None and packages <= _TORCH | _TABLES | _BESIDE


def _packages(text: str) -> frozenset[str] | None:
    """What a file imports beside the standard library; None for what is no Python, or too long."""
    import ast

    from gpuspec.commands.python.file import tree

    root = tree(text) if len(text) <= _LARGEST else None
    if root is None:
        return None
    names = set[str]()
    for node in ast.walk(root):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0] if not node.level else ".")
    return frozenset(names - sys.stdlib_module_names)
