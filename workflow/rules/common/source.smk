"""Where this project is: beside its Snakefile, or a copy of what another workflow imports from a git repository."""

import io
import shutil
import tarfile
import time


def project_folder(source):
    """Return the folder of the project; ``source`` is that of this file, as Snakemake knows it: a path, or of a repository."""
    if isinstance(source, os.PathLike):
        return Path(source).parents[2]
    source.fetch_if_required()
    repository = source.hosted_repo.repo
    return copied(repository, repository.commit(source.ref))


COPY = Path(".snakemake/synthaug")  # of every version, so that only the files that differ make results stale


def copied(repository, commit):
    """Copy the project as it is in a commit, and return where: Snakemake reads Snakefiles from there, but no scripts.

    Snakemake looks at a file's content if its time is later than that of the results, so all files have the time of copying.
    """
    noted = COPY / "commit"
    if not noted.is_file() or noted.read_text() != commit.hexsha:
        new = Path(f"{COPY}.{os.getpid()}")
        archive = io.BytesIO()
        repository.archive(archive, commit.hexsha, path=["config", "envs", "scripts", "workflow"])
        archive.seek(0)
        with tarfile.open(fileobj=archive) as files:
            members = files.getmembers()
            for member in members:
                member.mtime = time.time()
            files.extractall(new, members, filter="data")
        (new / "commit").write_text(commit.hexsha)
        shutil.rmtree(COPY, ignore_errors=True)
        new.rename(COPY)
    return COPY.absolute()


BASE = project_folder(workflow.current_basedir)
