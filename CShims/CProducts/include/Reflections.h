/// Householder reflections H = I - tau v v' of small blocks of a band, column-major, in one or two passes.
///
/// BLAS takes four passes over a block between two reflections, and half of its time is its calls: blocks
/// of 64 x 64 are read from the caches twice as fast here. With AVX-512, columns of 64 rows stay in registers;
/// other numbers of rows work too.
#ifndef NTK_REFLECTIONS_H
#define NTK_REFLECTIONS_H

/// B <- B H, of which the first column is complete, and w is left for the others.
///
/// Shape: B is rows x count with columns ld apart, v has `count` numbers, w `rows`.
void ntk_reflect_right(
  long rows, long count, double *_Nonnull b, long ld, const double *_Nonnull v, double tau,
  double *_Nonnull w);

/// The other columns of B <- G (B H), with w of `ntk_reflect_right` and a reflection G from the left.
///
/// Shape: left has `rows` numbers.
void ntk_reflect_left(
  long rows, long count, double *_Nonnull b, long ld, const double *_Nonnull v,
  const double *_Nonnull w, const double *_Nonnull left, double left_tau);

/// D <- H D H in the lower triangle; the upper one is not read.
///
/// Shape: D is rows x rows with columns ld apart, v and w have `rows` numbers.
void ntk_reflect_both(
  long rows, double *_Nonnull d, long ld, const double *_Nonnull v, double tau, double *_Nonnull w);

#endif
