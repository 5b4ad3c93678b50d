# Settings of your site, for the job templates in this folder. They read it from the folder that they
# are submitted from, or from $NTK_DIST_SITE.

# The program, and the job's environment (modules, conda, spack ...).
NTK_DIST=ntk-dist
# module load openmpi scalapack openblas

# Ranks are the parallelism.
export OPENBLAS_NUM_THREADS=1

# How ranks are started. mpirun takes hosts and ranks from SLURM; the keepalive settings make it notice
# a lost node within seven seconds, before the program's own watchdog does (120 s; not to be set below 10:
# an mpirun that is told by the program waits for the lost node's daemon, for minutes). Where MPI is started by srun: MPIRUN=(srun --mpi=pmix --kill-on-bad-exit=1)
MPIRUN=(mpirun --mca oob_tcp_keepalive_time 3 --mca oob_tcp_keepalive_intvl 1
  --mca oob_tcp_keepalive_probes 3)

# Exit statuses that a lost node or a killed rank leaves behind: 205 and 255 from an mpirun that lost a
# host's daemon or the connection to it, 137, 138 and 143 from a process that a signal ended. 75 is the
# program's own: stopped in order, or a rank that hangs.
LOST_NODE=(205 255 137 138 143)

# A job that is requeued so often is not helped by it.
MOST_RESTARTS=100
