#include "CScaLAPACK.h"

#include <mpi.h>
#include <stddef.h>

// BLACS has no header file. These are the C names of its functions.
int Csys2blacs_handle(MPI_Comm comm);
void Cfree_blacs_system_handle(int handle);
void Cblacs_gridinit(int *context, const char *order, int nprow, int npcol);
void Cblacs_gridinfo(int context, int *nprow, int *npcol, int *myrow, int *mycol);
void Cblacs_gridexit(int context);
void Cblacs_set(int context, int what, int *value);

// ScaLAPACK's Fortran symbols. gfortran appends the length of each CHARACTER argument. PBLAS (pdsymm_, pdgemm_) is
// written in C and takes no lengths.
void descinit_(
    int *desc, const int *m, const int *n, const int *mb, const int *nb, const int *rsrc,
    const int *csrc, const int *context, const int *lld, int *info);
void pdsyev_(
    const char *jobz, const char *uplo, const int *n, double *a, const int *ia, const int *ja,
    const int *desca, double *w, double *z, const int *iz, const int *jz, const int *descz,
    double *work, const int *lwork, int *info, size_t, size_t);
void pdsyevd_(
    const char *jobz, const char *uplo, const int *n, double *a, const int *ia, const int *ja,
    const int *desca, double *w, double *z, const int *iz, const int *jz, const int *descz,
    double *work, const int *lwork, int *iwork, const int *liwork, int *info, size_t, size_t);
void pdpotrf_(
    const char *uplo, const int *n, double *a, const int *ia, const int *ja, const int *desca,
    int *info, size_t);
void pdpotrs_(
    const char *uplo, const int *n, const int *nrhs, const double *a, const int *ia, const int *ja,
    const int *desca, double *b, const int *ib, const int *jb, const int *descb, int *info, size_t);
double pdlansy_(
    const char *norm, const char *uplo, const int *n, const double *a, const int *ia,
    const int *ja, const int *desca, double *work, size_t, size_t);
double pdlange_(
    const char *norm, const int *m, const int *n, const double *a, const int *ia, const int *ja,
    const int *desca, double *work, size_t);
void pdsymm_(
    const char *side, const char *uplo, const int *m, const int *n, const double *alpha,
    const double *a, const int *ia, const int *ja, const int *desca, const double *b, const int *ib,
    const int *jb, const int *descb, const double *beta, double *c, const int *ic, const int *jc,
    const int *descc);
void pdgemm_(
    const char *transpose_a, const char *transpose_b, const int *m, const int *n, const int *k,
    const double *alpha, const double *a, const int *ia, const int *ja, const int *desca,
    const double *b, const int *ib, const int *jb, const int *descb, const double *beta, double *c,
    const int *ic, const int *jc, const int *descc);

void pdgeqrf_(
    const int *m, const int *n, double *a, const int *ia, const int *ja, const int *desca, double *tau,
    double *work, const int *lwork, int *info);
void pdtrsm_(
    const char *side, const char *uplo, const char *transpose, const char *diagonal, const int *m,
    const int *n, const double *alpha, const double *a, const int *ia, const int *ja,
    const int *desca, double *b, const int *ib, const int *jb, const int *descb);
void pdorgqr_(
    const int *m, const int *n, const int *k, double *a, const int *ia, const int *ja,
    const int *desca, const double *tau, double *work, const int *lwork, int *info);
void pdgeadd_(
    const char *transpose, const int *m, const int *n, const double *alpha, const double *a,
    const int *ia, const int *ja, const int *desca, const double *beta, double *c, const int *ic,
    const int *jc, const int *descc);
void psgeqrf_(
    const int *m, const int *n, float *a, const int *ia, const int *ja, const int *desca, float *tau,
    float *work, const int *lwork, int *info);

static const int zero = 0;
static const int one = 1;

int ntk_blacs_handle(int comm) { return Csys2blacs_handle(MPI_Comm_f2c(comm)); }
void ntk_blacs_free_handle(int handle) { Cfree_blacs_system_handle(handle); }
int ntk_blacs_gridinit_row_major(int handle, int nprow, int npcol) {
  int context = handle;
  Cblacs_gridinit(&context, "Row", nprow, npcol);
  // Add up sums in the order of the ranks, not in the order of arrival, so that results have the same bits each time.
  // 15 is the BLACS constant SGET_TOPSREPEAT.
  int repeatable = 1;
  Cblacs_set(context, 15, &repeatable);
  return context;
}
void ntk_blacs_gridinfo(int context, int *nprow, int *npcol, int *myrow, int *mycol) {
  Cblacs_gridinfo(context, nprow, npcol, myrow, mycol);
}
void ntk_blacs_gridexit(int context) { Cblacs_gridexit(context); }

int ntk_descinit(int *desc, int m, int n, int mb, int nb, int context, int lld) {
  int info = 0;
  descinit_(desc, &m, &n, &mb, &nb, &zero, &zero, &context, &lld, &info);
  return info;
}

int ntk_pdsyev(
    char jobz, char uplo, int n, double *a, const int *desca, double *w, double *z,
    const int *descz, double *work, int lwork) {
  int info = 0;
  pdsyev_(
      &jobz, &uplo, &n, a, &one, &one, desca, w, z, &one, &one, descz, work, &lwork, &info, 1, 1);
  return info;
}
int ntk_pdsyevd(
    char uplo, int n, double *a, const int *desca, double *w, double *z, const int *descz,
    double *work, int lwork, int *iwork, int liwork) {
  int info = 0;
  pdsyevd_(
      "V", &uplo, &n, a, &one, &one, desca, w, z, &one, &one, descz, work, &lwork, iwork, &liwork,
      &info, 1, 1);
  return info;
}
int ntk_pdpotrf(char uplo, int n, double *a, const int *desca) {
  int info = 0;
  pdpotrf_(&uplo, &n, a, &one, &one, desca, &info, 1);
  return info;
}
int ntk_pdpotrs(
    char uplo, int n, int nrhs, const double *a, const int *desca, double *b, const int *descb) {
  int info = 0;
  pdpotrs_(&uplo, &n, &nrhs, a, &one, &one, desca, b, &one, &one, descb, &info, 1);
  return info;
}

double ntk_pdlansy(
    char norm, char uplo, int n, const double *a, const int *desca, double *work) {
  return pdlansy_(&norm, &uplo, &n, a, &one, &one, desca, work, 1, 1);
}
double ntk_pdlange(
    char norm, int m, int n, const double *a, const int *desca, double *work) {
  return pdlange_(&norm, &m, &n, a, &one, &one, desca, work, 1);
}
void ntk_pdsymm_left(
    char uplo, int m, int n, double alpha, const double *a, const int *desca, const double *b,
    int jb, const int *descb, double beta, double *c, const int *descc) {
  pdsymm_(
      "L", &uplo, &m, &n, &alpha, a, &one, &one, desca, b, &one, &jb, descb, &beta, c, &one, &one,
      descc);
}
void ntk_pdgemm(
    char transpose_a, char transpose_b, int m, int n, int k, double alpha, const double *a,
    const int *desca, const double *b, int jb, const int *descb, double beta, double *c,
    const int *descc) {
  pdgemm_(
      &transpose_a, &transpose_b, &m, &n, &k, &alpha, a, &one, &one, desca, b, &one, &jb, descb,
      &beta, c, &one, &one, descc);
}

int ntk_pdgeqrf(
    int m, int n, double *a, int ia, int ja, const int *desca, double *tau, double *work, int lwork) {
  int info = 0;
  pdgeqrf_(&m, &n, a, &ia, &ja, desca, tau, work, &lwork, &info);
  return info;
}

int ntk_psgeqrf(
    int m, int n, float *a, int ia, int ja, const int *desca, float *tau, float *work, int lwork) {
  int info = 0;
  psgeqrf_(&m, &n, a, &ia, &ja, desca, tau, work, &lwork, &info);
  return info;
}

void ntk_pdtrsm_left_lower(
    int m, int n, const double *a, int ia, const int *desca, double *b, int ib, const int *descb) {
  const double alpha = 1;
  pdtrsm_("L", "L", "N", "N", &m, &n, &alpha, a, &ia, &ia, desca, b, &ib, &one, descb);
}
int ntk_pdorgqr(
    int m, int n, double *a, const int *desca, const double *tau, double *work, int lwork) {
  int info = 0;
  pdorgqr_(&m, &n, &n, a, &one, &one, desca, tau, work, &lwork, &info);
  return info;
}
void ntk_pdgeadd_columns(
    int m, int n, const double *a, const int *desca, double *c, int jc, const int *descc) {
  const double alpha = 1, beta = 0;
  pdgeadd_("N", &m, &n, &alpha, a, &one, &one, desca, &beta, c, &one, &jc, descc);
}
