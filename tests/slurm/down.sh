#!/usr/bin/env bash
# Takes down what up.sh brought up: cancels its jobs, stops its own daemons (by their process ids), removes its folder.
# Nothing to do is no error. Debian's packages stay installed.
set -uo pipefail
STATE=${STATE:-/var/lib/synthaug-slurm}
export SLURM_CONF=$STATE/slurm.conf

# stop <pid file> <name>: by SIGTERM, after ten seconds by SIGKILL; a process of another name is none of ours.
stop() {
  local pid
  pid=$(cat "$1" 2>/dev/null) || return 0
  for signal in TERM KILL; do
    for _ in $(seq 50); do
      [[ $(readlink "/proc/$pid/exe") == */"$2"* ]] || return 0
      [ -z "$signal" ] || kill -s "$signal" "$pid" 2>/dev/null
      signal="" # once
      sleep 0.2
    done
  done
}

has_jobs() { [ -n "$(timeout 5 squeue --noheader 2>/dev/null)" ]; }

[ -d "$STATE" ] || exit 0
[ "$(id -u)" = 0 ] || { echo "error: SLURM: only root can stop it" >&2 && exit 1; }
if has_jobs; then
  timeout 5 scancel --user=root
  for _ in $(seq 75); do has_jobs || break; sleep 0.2; done # KillWait and a little
fi
stop "$STATE/slurmd.pid" slurmd
stop "$STATE/slurmctld.pid" slurmctld
stop "$STATE/munge/munged.pid" munged
rm -rf "$STATE"
