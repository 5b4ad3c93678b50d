/// Products of small matrices that lie in the caches, for passes over a triangle in chunks.
///
/// A general matrix product first copies both factors into an order of its own. Where one factor is a
/// chunk of 256 x 256 and the other has 64 columns, that copy takes a good part of the time. Here
/// nothing is copied: the elements of one factor are broadcast from wherever they lie, the rows of the
/// other are read as vectors. The target's -march decides their width.
#ifndef NTK_CPRODUCTS_H
#define NTK_CPRODUCTS_H

#include "Reflections.h"

/// out += a b.
///
/// Shape: out is m x n with element (i, j) at out[i * out_stride + j]; a is m x k with element (i, p) at
/// a[i * row_stride + p * column_stride]; b is k x n with element (p, j) at b[p * b_stride + j].
///
/// Rows of b must be readable up to a multiple of 64 bytes; what lies there has no effect. Fastest where
/// b_stride is an odd number of cache lines, for its rows then lie in all sets of the cache.
/// Sums over p are in order, in pieces that depend on k alone and that begin at 0.
void ntk_add_product_f64(
  long m, long n, long k, double *_Nonnull out, long out_stride, const double *_Nonnull a,
  long row_stride, long column_stride, const double *_Nonnull b, long b_stride);

/// The same in single precision.
void ntk_add_product_f32(
  long m, long n, long k, float *_Nonnull out, long out_stride, const float *_Nonnull a,
  long row_stride, long column_stride, const float *_Nonnull b, long b_stride);

/// out += a b with sums over 256 p at most in single precision, and sums of these in double precision, so that
/// long sums keep their digits.
void ntk_add_wide_product_f32(
  long m, long n, long k, double *_Nonnull out, long out_stride, const float *_Nonnull a,
  long row_stride, long column_stride, const float *_Nonnull b, long b_stride);

/// target = source', of m x n: element (i, j) of the source at source[i * source_stride + j] becomes
/// target[j * target_stride + i].
void ntk_transpose_f64(
  long m, long n, const double *_Nonnull source, long source_stride, double *_Nonnull target,
  long target_stride);

/// The same in single precision.
void ntk_transpose_f32(
  long m, long n, const float *_Nonnull source, long source_stride, float *_Nonnull target,
  long target_stride);

#endif
