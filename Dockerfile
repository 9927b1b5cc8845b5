# The environment of Synthaug: every package of requirements.txt, nothing of the project, which is mounted. From its folder:
#   docker build --tag synthaug .
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/work" synthaug snakemake --cores 8
# More, and Apptainer: workflow/profiles/README.md
FROM python:3.11.11-slim-bookworm

# Where PyTorch comes from: its CPU builds. For a GPU, the address that pytorch.org shows for your CUDA version.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

COPY requirements.txt /tmp/requirements.txt
RUN python -m pip install --no-cache-dir --extra-index-url "${TORCH_INDEX}" --requirement /tmp/requirements.txt \
    && rm /tmp/requirements.txt

# Caches may be written under whatever user it runs.
ENV HOME=/tmp XDG_CACHE_HOME=/tmp/cache MPLCONFIGDIR=/tmp/matplotlib PYTHONUNBUFFERED=1
WORKDIR /work
CMD ["snakemake", "--help"]
