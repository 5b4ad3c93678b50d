// C interface to ELPA. It is built with the package trait ELPA; otherwise it reports that ELPA is not available.
#ifndef NTK_CELPA_H
#define NTK_CELPA_H

// Returns 1 if ELPA is linked in, otherwise 0.
int ntk_elpa_is_built_in(void);

// Computes all eigenvalues of a symmetric matrix in ascending order and, if `vectors` is not null, all eigenvectors.
// `comm` is a Fortran handle. `a` is the local part of the whole matrix in blocks of nb x nb, column-major; it is
// overwritten. Returns 0, or ELPA's error code.
int ntk_elpa_solve(
    int comm, int n, int nb, int local_rows, int local_columns, int myrow, int mycol, double *a,
    double *values, double *vectors);

#endif
