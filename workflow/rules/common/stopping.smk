"""How a run ends before it is done: in one line, together with its jobs, and so that the same command goes on."""

import contextlib
import fcntl
import shutil
import signal
import threading
import time

import psutil

# Said before every command. Of the terminal's signals, Snakemake tells the jobs, see `end_run`. The shell outlives its job, so
# that Snakemake waits for a training that saves itself.
PREFIX = "set -euo pipefail; trap '' INT HUP; trap : TERM; "


def be_ready_to_end():
    """Prepare this run for its end at any time, and end what a killed run has left; called before everything else."""
    shell.prefix(PREFIX)
    if workflow.is_main_process:  # and not on a cluster's node, to run one job
        heed(signal.SIGINT, signal.SIGHUP)
        take_over()


def take_over():
    """Remove the locks that killed runs have left in this folder, and hold one that a kill ends too.

    Snakemake's locks are files; ours is the system's, shared by all runs that live here. Whoever can have it alone knows that
    no other run lives. Otherwise, and on a file system without locks, Snakemake's stay, and it decides.
    """
    os.makedirs(".snakemake", exist_ok=True)
    lock = os.open(".snakemake/alive", os.O_RDWR | os.O_CREAT, 0o666)  # open until the process ends
    with contextlib.suppress(OSError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(".snakemake/locks", ignore_errors=True)
    with contextlib.suppress(OSError):
        fcntl.flock(lock, fcntl.LOCK_SH)


def heed(*signals):
    """Let each of these signals end the run, unless it is ignored, as nohup does with SIGHUP."""
    for number in signals:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end_run)


def end_run(number, frame):
    """Say that the run ends, ask its jobs to stop, and interrupt Snakemake, which tells the rest to its log file alone."""
    for each in [signal.SIGINT, signal.SIGHUP, signal.SIGTERM]:
        signal.signal(each, lambda *_: None)  # a further request must not cut the exit short
    terminal = os.dup(2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    with contextlib.suppress(OSError):  # closed
        os.write(terminal, b"Stopping. The same command goes on where it was.\n")
    os.close(terminal)
    if workflow.local_exec:
        threading.Thread(target=ask_jobs_to_stop, daemon=True).start()
    raise KeyboardInterrupt


def ask_jobs_to_stop():
    """Send SIGTERM to every process of this run, again and again, because a job may only be starting."""
    while True:
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                process.terminate()
        time.sleep(1)
