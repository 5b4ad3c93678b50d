# Settings of your site, for the job templates in this folder. They read it from the folder that they
# are submitted from, or from $NTK_DIST_SITE.

# The program, and the job's environment (modules, conda, spack ...).
NTK_DIST=ntk-dist
# module load openmpi scalapack openblas

# Ranks are the parallelism.
export OPENBLAS_NUM_THREADS=1

# How ranks are started. mpirun takes hosts and ranks from SLURM; the keepalive settings make it notice
# a lost node within seconds. Where MPI is started by srun: MPIRUN=(srun --mpi=pmix --kill-on-bad-exit=1)
MPIRUN=(mpirun --mca oob_tcp_keepalive_time 3 --mca oob_tcp_keepalive_intvl 1
  --mca oob_tcp_keepalive_probes 3)

# Exit statuses that a lost node or a killed rank leaves behind: 205 and 1 from an mpirun that lost a
# host's daemon, 137 and 143 from a rank that was killed. 75 is the program's own: stopped in order.
LOST_NODE=(205 137 143)

# A job that is requeued so often is not helped by it.
MOST_RESTARTS=100
