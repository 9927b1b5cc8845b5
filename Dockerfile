# The environment of Synthaug: every package of requirements.txt, nothing of the project, which is mounted. From its folder:
#   docker build --tag synthaug --build-arg TORCH_INDEX=... .
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/work" synthaug snakemake --cores 8
# More, and Apptainer: workflow/profiles/README.md
FROM python:3.11.11-slim-bookworm

# Where PyTorch comes from: the address that pytorch.org shows for pip, for the CPU or your CUDA version. Without it pip
# takes the CUDA build that it finds, several GB.
ARG TORCH_INDEX=

# First everything but PyTorch, whose files differ by index, each file with its hash.
COPY requirements.txt /tmp/requirements.txt
COPY requirements-hashes.txt /tmp/requirements-hashes.txt
RUN python -m pip install --no-cache-dir --no-deps --require-hashes --requirement /tmp/requirements-hashes.txt \
    && python -m pip install --no-cache-dir ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} --requirement /tmp/requirements.txt \
    && rm /tmp/requirements*.txt

# Whoever runs it is no root, and may have no entry in /etc/passwd: Snakemake asks for a name. Caches may be written by anyone.
ENV USER=synthaug HOME=/tmp XDG_CACHE_HOME=/tmp/cache MPLCONFIGDIR=/tmp/matplotlib PYTHONUNBUFFERED=1
USER 1000:1000
WORKDIR /work
CMD ["snakemake", "--help"]
