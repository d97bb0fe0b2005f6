#!/usr/bin/env bash
# One-node Slurm for tests, on Debian or Ubuntu, as root, in a container or out: no systemd, no cgroups; it keeps accounts.
#   one_node_slurm.sh start FOLDER     installs what is missing, writes everything under FOLDER, starts munged, mariadbd, slurmdbd, slurmctld, slurmd
#   one_node_slurm.sh stop FOLDER      stops them and removes what stands outside of FOLDER
# It pretends to have CPUS (4) cores and GPUS (2) devices. It leaves a machine alone that has a Slurm of its own.
# Exit status 77: Slurm cannot be had here; why is said in a line.
set -euo pipefail
home=$(realpath -m "${2:?a folder}")
host=$(hostname -s)
cpus=${CPUS:-4} gpus=${GPUS:-2}
export SLURM_CONF=$home/slurm.conf MYSQL_UNIX_PORT=$home/accounts/socket

cannot() { echo "$*" >&2; exit 77; }

installed() { # all that is needed; from the distribution where it is missing
  local tool
  for tool in slurmctld slurmd slurmdbd sbatch squeue sacct munged mariadbd setpriv; do
    command -v "$tool" >/dev/null || return 1
  done
}

has() {
  installed && return 0
  command -v apt-get >/dev/null || cannot "Slurm is not installed, and there is no apt-get to install it with"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends slurmctld slurmd slurmdbd slurm-client munge mariadb-server; } >"$home/apt.log" 2>&1 ||
    cannot "Slurm cannot be installed: $(tail -n 1 "$home/apt.log")"
}

configure() {
  mkdir -p "$home"/{state,spool,log,run,munge,devices,accounts}
  chmod 755 "$home" "$home"/*
  cat >"$home/slurm.conf" <<CONF
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
SlurmctldPort=16817
SlurmdPort=16818
SlurmctldPidFile=$home/run/slurmctld.pid
SlurmdPidFile=$home/run/slurmd.pid
SlurmctldLogFile=$home/log/slurmctld.log
SlurmdLogFile=$home/log/slurmd.log
StateSaveLocation=$home/state
SlurmdSpoolDir=$home/spool
# no cgroups
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
# cores and memory are handed out; more cores may be claimed than there are
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
GresTypes=gpu
# memory is limited without cgroups: looked at every 2 s, and what is over is killed
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=2
JobAcctGatherParams=OverMemoryKill
# quick, and finished jobs stay in squeue for an hour
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
MinJobAge=3600
KillWait=3
OverTimeLimit=0
ReturnToService=2
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=16819
AccountingStoreFlags=job_comment
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$(awk '/MemTotal/ {printf "%d", $2 / 1024 * 0.8}' /proc/meminfo) Gres=gpu:$gpus State=UNKNOWN
PartitionName=short Nodes=$host Default=YES DefaultTime=00:10:00 MaxTime=02:00:00 State=UP
PartitionName=gpu Nodes=$host Default=NO DefaultTime=00:10:00 MaxTime=02:00:00 State=UP
CONF
  # root is known to the database by the socket, so there is no password
  cat >"$home/slurmdbd.conf" <<CONF
AuthType=auth/munge
DbdHost=$host
DbdAddr=127.0.0.1
DbdPort=16819
SlurmUser=root
LogFile=$home/log/slurmdbd.log
PidFile=$home/run/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
StorageLoc=accounts
CONF
  chmod 600 "$home/slurmdbd.conf"
  # a device is an existing file, whatever is in it
  : >"$home/gres.conf"
  for ((i = 0; i < gpus; i++)); do
    : >"$home/devices/$i"
    echo "NodeName=$host Name=gpu File=$home/devices/$i" >>"$home/gres.conf"
  done
  # at the default place, because a job step starts its srun without SLURM_CONF
  mkdir -p /etc/slurm
  ln -sfn "$home/slurm.conf" "$home/gres.conf" /etc/slurm/
}

soon() { # seconds, command...: wait until it succeeds
  local end=$((SECONDS + $1))
  shift
  until timeout 5 "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || cannot "Slurm does not start: $* fails; logs are in $home/log"
    sleep 0.2
  done
}

authenticate() { # munge on its default socket, with a key of its own
  munge -n >/dev/null 2>&1 && return 0
  head -c 1024 /dev/urandom >"$home/munge/munge.key"
  mkdir -p /run/munge
  chown -R munge:munge "$home/munge" /run/munge
  chmod 700 "$home/munge"
  chmod 400 "$home/munge/munge.key"
  # --force: the key may lie below a folder that all can write to
  setpriv --reuid munge --regid munge --clear-groups munged --force --key-file="$home/munge/munge.key" --pid-file="$home/munge/munged.pid" \
    --seed-file="$home/munge/munge.seed" --log-file="$home/munge/munged.log" 2>/dev/null
  soon 5 munge -n
}

keep_accounts() { # in a database of its own, which listens to a socket under FOLDER only
  chown mysql:mysql "$home/accounts"
  mariadb-install-db --no-defaults --user=mysql --datadir="$home/accounts/data" --skip-test-db >"$home/log/database.log" 2>&1
  setsid mariadbd --no-defaults --user=mysql --datadir="$home/accounts/data" --socket="$MYSQL_UNIX_PORT" --pid-file="$home/accounts/mariadbd.pid" \
    --skip-networking --innodb-buffer-pool-size=128M --innodb-lock-wait-timeout=900 >>"$home/log/database.log" 2>&1 </dev/null &
  soon 30 mariadb-admin --no-defaults ping
  SLURM_CONF=$home/slurmdbd.conf slurmdbd
  soon 30 sacctmgr --noheader show cluster
  sacctmgr --immediate --quiet add cluster one >/dev/null
  sacctmgr --immediate --quiet add account lab >/dev/null
  sacctmgr --immediate --quiet add user root account=lab >/dev/null
}

start() {
  [ "$(id -u)" = 0 ] || cannot "a Slurm of one's own is started by root only"
  for file in /etc/slurm/slurm.conf /etc/slurm/gres.conf; do
    if [ -e $file ] && { [ ! -L $file ] || pgrep -x slurmctld >/dev/null; }; then cannot "this machine has a Slurm of its own ($file)"; fi
  done
  mkdir -p "$home"
  has
  configure
  authenticate
  keep_accounts
  slurmctld
  soon 10 scontrol ping
  slurmd -N "$host"
  soon 20 sh -c 'sinfo -h -o %T | grep -qx idle'
  sinfo --version
}

stop() {
  local file pid
  for file in "$home"/run/{slurmd,slurmctld,slurmdbd}.pid "$home"/accounts/mariadbd.pid "$home"/munge/munged.pid; do
    [ -s "$file" ] || continue
    pid=$(cat "$file")
    kill "$pid" 2>/dev/null || true
    for ((i = 0; i < 50; i++)); do kill -0 "$pid" 2>/dev/null && sleep 0.1 || break; done
  done
  for file in /etc/slurm/slurm.conf /etc/slurm/gres.conf; do
    if [ "$(readlink -f $file)" = "$home/${file##*/}" ]; then rm -f $file; fi
  done
}

case ${1:-} in
  start | stop) "$1" ;;
  *) sed -n '2,7p' "$0" >&2; exit 2 ;;
esac
