#!/usr/bin/env bash
# Brings up a real SLURM of one node, for tests, from Debian's packages (installed where missing). Root; no systemd needed.
#
#   CPUS=8 GPUS=1 MEM=32000 tests/slurm/up.sh     then, in the caller's shell, what it prints:
#   export SLURM_CONF=/var/lib/synthaug-slurm/slurm.conf
#
#   CPUS   processors that the node offers, however many there are (default 4)
#   GPUS   GPUs that it offers: devices that accept a request and set CUDA_VISIBLE_DEVICES, no more (default 0)
#   MEM    megabytes that it offers (default 32000)
#   STATE  folder of configuration, key, logs and process ids (default /var/lib/synthaug-slurm); two folders, two clusters
#
# - It touches nothing outside STATE: not /etc/slurm, no munge that runs already, not /etc/hosts. Ports are free ones.
# - Everything listens on loopback alone. SLURM binds to what its host's name resolves to, so the daemons, and with them
#   the jobs, run in a UTS namespace of their own, where the name is "localhost". In a mount namespace of their own STATE
#   is /etc/slurm, because Snakemake's plugin takes SLURM_CONF away from the jobs.
# - There is no accounting database: the jobs' state is asked with squeue, never sacct. MinJobAge keeps it an hour.
# - Called again, it starts what no longer runs (a node daemon that was killed) and keeps jobs and parameters; while all is
#   up it does nothing. If it fails, nothing is left running, and the exit status is 3 where this machine cannot have it
#   (no root, no packages, no namespaces). down.sh stops it.
# - Do not call srun from outside a job: it would listen at the address of this host's own name.
set -euo pipefail
CPUS=${CPUS:-4} GPUS=${GPUS:-0} MEM=${MEM:-32000} STATE=${STATE:-/var/lib/synthaug-slurm}
HERE=$(cd "$(dirname "$0")" && pwd)
export SLURM_CONF=$STATE/slurm.conf STATE
PACKAGES=(munge slurm-client slurmctld slurmd)

fail() { # fail <what> [exit status]
  trap - ERR
  [ ! -d "$STATE" ] || "$HERE/down.sh" >/dev/null 2>&1 || true
  echo "error: SLURM: $1" >&2
  exit "${2:-1}"
}
cannot() { fail "$1" 3; } # be had on this machine: what makes a test skip, not fail
trap 'fail "line $LINENO of up.sh failed"' ERR

is_installed() { dpkg-query --show --showformat '${Status}\n' "${PACKAGES[@]}" 2>/dev/null | grep -c '^install ok installed$'; }

install_packages() {
  [ "$(is_installed || true)" != ${#PACKAGES[@]} ] || return 0
  command -v apt-get >/dev/null || cannot "needs Debian's packages ${PACKAGES[*]}; there is no apt-get here"
  # RUNLEVEL=1: the packages' own start-up scripts stay quiet.
  { apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      "${PACKAGES[@]}"; } >/dev/null 2>&1 || cannot "apt-get could not install ${PACKAGES[*]}"
}

# wait_for <seconds> <what to say> <command...>: until the command succeeds.
wait_for() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || fail "$what; $(tail -qn 1 "$STATE"/log/*.log 2>/dev/null | tail -n 1)"
    sleep 0.2
  done
}

answers() { scontrol ping | grep -q UP; }
is_up() { sinfo --noheader --format %T | grep -Eqx 'idle|mixed|allocated'; }

free_ports() { # two that nothing uses now
  python3 -c 'import socket
both = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(s.getsockname()[1] for s in both))'
}

write_configuration() {
  local ports gpus=""
  read -r -a ports <<<"$(free_ports)"
  if ((GPUS > 0)); then
    for ((i = 0; i < GPUS; i++)); do [ -e "$STATE/dev/gpu$i" ] || mknod -m 666 "$STATE/dev/gpu$i" c 1 3; done # as /dev/null
    echo "NodeName=localhost Name=gpu File=$STATE/dev/gpu[0-$((GPUS - 1))]" >"$STATE/gres.conf"
    gpus="Gres=gpu:$GPUS"
  fi
  cat >"$SLURM_CONF.new" <<EOF
ClusterName=synthaug
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=${ports[0]}
SlurmdPort=${ports[1]}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket=$STATE/munge/socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$STATE/state
SlurmdSpoolDir=$STATE/spool
SlurmctldPidFile=$STATE/slurmctld.pid
SlurmdPidFile=$STATE/slurmd.pid
SlurmctldLogFile=$STATE/log/slurmctld.log
SlurmdLogFile=$STATE/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
MailProg=/bin/true
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,bf_interval=2,batch_sched_delay=0
ReturnToService=2
MinJobAge=3600
KillWait=10
GresTypes=gpu
NodeName=localhost NodeAddr=127.0.0.1 CPUs=$CPUS RealMemory=$MEM $gpus State=UNKNOWN
PartitionName=main Nodes=localhost Default=YES MaxTime=24:00:00 DefMemPerCPU=500 State=UP
EOF
  mv "$SLURM_CONF.new" "$SLURM_CONF"
}

runs() { [[ $(readlink "/proc/$(cat "$2" 2>/dev/null)/exe") == */"$1"* ]]; } # runs <name> <pid file>; a zombie does not

start_munge() { # under its own user, who alone may read the key
  mkdir -p "$STATE/munge"
  [ -s "$STATE/munge/key" ] || dd if=/dev/urandom of="$STATE/munge/key" bs=128 count=1 status=none
  chmod 400 "$STATE/munge/key"
  chown -R munge: "$STATE/munge"
  setpriv --reuid=munge --regid=munge --clear-groups /usr/sbin/munged --force --key-file="$STATE/munge/key" \
    --socket="$STATE/munge/socket" --pid-file="$STATE/munge/munged.pid" --log-file="$STATE/munge/munged.log" \
    --seed-file="$STATE/munge/seed" >/dev/null 2>&1 || fail "munged did not start; $(tail -n 1 "$STATE/munge/munged.log" 2>&1)"
  wait_for 15 "munged does not answer" munge --socket="$STATE/munge/socket" --no-input
}

start_daemon() { # where the host's name is localhost, and /etc/slurm is ours
  unshare --uts --mount bash -c 'hostname localhost && mount --bind "$STATE" /etc/slurm && exec "$1"' - "$1" \
    </dev/null >/dev/null 2>&1 || fail "$1 did not start"
}

[ "$(id -u)" = 0 ] || cannot "only root can start it"
install_packages
unshare --uts --mount true 2>/dev/null || cannot "needs namespaces (unshare --uts --mount), which are not allowed here"
mkdir -p "$STATE"/{state,spool,log,dev} /etc/slurm
[ -e "$SLURM_CONF" ] || write_configuration
runs munged "$STATE/munge/munged.pid" || start_munge
runs slurmctld "$STATE/slurmctld.pid" || start_daemon slurmctld
wait_for 30 "slurmctld does not answer" answers
runs slurmd "$STATE/slurmd.pid" || start_daemon slurmd
wait_for 30 "the node does not come up" is_up
echo "export SLURM_CONF=$SLURM_CONF"
