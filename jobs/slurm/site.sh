# Settings for your site. The job templates read this file from the folder from which they are submitted, or
# from $NTK_DIST_SITE.
# shellcheck shell=bash disable=SC2034

# The program, and its environment (modules, conda, spack, ...).
NTK_DIST=ntk-dist
# module load openmpi scalapack openblas

# One thread per rank: the program runs in parallel over MPI ranks.
export OPENBLAS_NUM_THREADS=1

# How ranks are started. mpirun takes hosts and ranks from SLURM. With the keepalive settings it detects a
# lost node within seven seconds, well before the program's own watchdog does (120 s). Do not set
# --watchdog below 10: an mpirun that the program ends waits minutes for the lost node's daemon.
# If srun starts MPI programs at your site: MPIRUN=(srun --mpi=pmix --kill-on-bad-exit=1)
MPIRUN=(mpirun --mca oob_tcp_keepalive_time 3 --mca oob_tcp_keepalive_intvl 1
  --mca oob_tcp_keepalive_probes 3)

# Exit statuses after the loss of a node or a rank: 205 and 255 from an mpirun that lost a host's daemon or
# the connection to it, 137, 138 and 143 from a process that a signal ended. The program's own status 75
# (stopped in an orderly way, or ended by the watchdog) is always worth a restart.
LOST_NODE=(205 255 137 138 143)

# A job is requeued at most this often.
MOST_RESTARTS=100
