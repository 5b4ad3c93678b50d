// C face of ELPA; built with the package trait ELPA, else it says that it is not there.
#ifndef NTK_CELPA_H
#define NTK_CELPA_H

// 1 where ELPA is linked in, else 0.
int ntk_elpa_is_built_in(void);

// All eigenvalues of a symmetric matrix, ascending, and with `vectors` (not null) all eigenvectors.
// `comm` is a Fortran handle, `a` the local part of the whole matrix in
// blocks of nb x nb, column-major, overwritten. Returns 0, or ELPA's error.
int ntk_elpa_solve(
    int comm, int n, int nb, int local_rows, int local_columns, int myrow, int mycol, double *a,
    double *values, double *vectors);

#endif
