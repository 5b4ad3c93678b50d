#include "CELPA.h"

#ifdef NTK_ELPA
#include <elpa/elpa.h>

int ntk_elpa_is_built_in(void) { return 1; }

int ntk_elpa_solve(
    int comm, int n, int nb, int local_rows, int local_columns, int myrow, int mycol, double *a,
    double *values, double *vectors) {
  // The API of release 2021.11, which all later releases support.
  int error = elpa_init(20211125);
  if (error != ELPA_OK) return error;
  elpa_t handle = elpa_allocate(&error);
  if (error != ELPA_OK) return error;
  const struct {
    const char *name;
    int value;
  } settings[] = {
      {"na", n}, {"nev", n}, {"local_nrows", local_rows}, {"local_ncols", local_columns},
      {"nblk", nb}, {"mpi_comm_parent", comm}, {"process_row", myrow}, {"process_col", mycol},
  };
  for (unsigned i = 0; i < sizeof settings / sizeof *settings && error == ELPA_OK; i++) {
    elpa_set_integer(handle, settings[i].name, settings[i].value, &error);
  }
  if (error == ELPA_OK) error = elpa_setup(handle);
  // Use the one-stage solver. The two-stage solver of release 2022.11 loses digits on some layouts (RankChecks eigen:
  // min(i, j) of order 300 in blocks of 64). If it is built without kernels for this processor's vectors, as in
  // Debian's build, it is also slower with eigenvectors. To use it anyway, set ELPA_FORCE_solver=ELPA_SOLVER_2STAGE in
  // the environment.
  if (error == ELPA_OK) elpa_set_integer(handle, "solver", ELPA_SOLVER_1STAGE, &error);
  if (error == ELPA_OK && vectors) elpa_eigenvectors_a_h_a_d(handle, a, values, vectors, &error);
  else if (error == ELPA_OK) elpa_eigenvalues_a_h_a_d(handle, a, values, &error);
  int ignored;
  elpa_deallocate(handle, &ignored);
  elpa_uninit(&ignored);
  return error;
}

#else

int ntk_elpa_is_built_in(void) { return 0; }

int ntk_elpa_solve(
    int comm, int n, int nb, int local_rows, int local_columns, int myrow, int mycol, double *a,
    double *values, double *vectors) {
  (void)comm, (void)n, (void)nb, (void)local_rows, (void)local_columns, (void)myrow, (void)mycol;
  (void)a, (void)values, (void)vectors;
  return -1;
}
#endif
