/// Vector primitives for the recursion core: vector types for the widest registers of the build's
/// target, and the operations that Swift's SIMD types would compile to scalar code.
///
/// Everything here is `static inline` over clang's vector extension, so it is inlined into the Swift
/// loops that call it. The target's -march determines the width; nothing is chosen at run time.
#ifndef NTK_CVECTOR_H
#define NTK_CVECTOR_H

#include <math.h>

#if defined(__AVX512F__)
#define NTK_REGISTER_BYTES 64
#elif defined(__AVX2__)
#define NTK_REGISTER_BYTES 32
#else
#define NTK_REGISTER_BYTES 16
#endif

/// A vector is several registers long. The compiler then issues each operation for one register
/// after another, and the other registers hide the latency of each (measured: 1 register 1.27 ns,
/// 2 registers 1.16 ns, 4 registers 1.10 ns per pair and layer in double precision).
#define NTK_VECTOR_BYTES (4 * NTK_REGISTER_BYTES)

typedef double ntk_f64 __attribute__((ext_vector_type(NTK_VECTOR_BYTES / 8)));
typedef float ntk_f32 __attribute__((ext_vector_type(NTK_VECTOR_BYTES / 4)));

#define NTK_INLINE static inline __attribute__((always_inline))

/// Operations write their result to `r`. Swift splits a vector that a C function returns into
/// pieces of 16 bytes, and merging the pieces took LLVM two thirds of the core's build time. Swift
/// aligns vectors to 16 bytes, which is less than in C; V##_result is the type with this alignment.
///
/// Every operation exists in both precisions, under the names ntk_f64_OP and ntk_f32_OP.
#define NTK_OPERATIONS(V, S)                                                                    \
  typedef V V##_unaligned __attribute__((aligned(sizeof(S)), may_alias));                       \
  typedef V V##_result __attribute__((aligned(16)));                                            \
  NTK_INLINE void V##_repeat(V##_result *_Nonnull r, S x) { *r = (V)(x); }                      \
  NTK_INLINE void V##_add(V##_result *_Nonnull r, V a, V b) { *r = a + b; }                     \
  NTK_INLINE void V##_subtract(V##_result *_Nonnull r, V a, V b) { *r = a - b; }                \
  NTK_INLINE void V##_multiply(V##_result *_Nonnull r, V a, V b) { *r = a * b; }                \
  NTK_INLINE void V##_divide(V##_result *_Nonnull r, V a, V b) { *r = a / b; }                  \
  NTK_INLINE void V##_fma(V##_result *_Nonnull r, V a, V b, V c) {                              \
    *r = __builtin_elementwise_fma(a, b, c);                                                    \
  }                                                                                             \
  NTK_INLINE void V##_sqrt(V##_result *_Nonnull r, V x) { *r = __builtin_elementwise_sqrt(x); } \
  NTK_INLINE void V##_abs(V##_result *_Nonnull r, V x) { *r = __builtin_elementwise_abs(x); }   \
  /* One machine instruction each. If a or b is NaN in a lane, the result is b. */              \
  NTK_INLINE void V##_min(V##_result *_Nonnull r, V a, V b) { *r = a < b ? a : b; }             \
  NTK_INLINE void V##_max(V##_result *_Nonnull r, V a, V b) { *r = a > b ? a : b; }             \
  NTK_INLINE void V##_select_less(V##_result *_Nonnull r, V a, V b, V x, V y) {                 \
    *r = a < b ? x : y;                                                                         \
  }                                                                                             \
  NTK_INLINE void V##_select_equal(V##_result *_Nonnull r, V a, V b, V x, V y) {                \
    *r = a == b ? x : y;                                                                        \
  }                                                                                             \
  /* The address need only be aligned for S. */                                                 \
  NTK_INLINE void V##_load(V##_result *_Nonnull r, const S *_Nonnull p) {                       \
    *r = *(const V##_unaligned *)p;                                                             \
  }                                                                                             \
  NTK_INLINE void V##_store(S *_Nonnull p, V x) { *(V##_unaligned *)p = x; }                    \
  NTK_INLINE S V##_largest(V x) { return __builtin_reduce_max(x); }

NTK_OPERATIONS(ntk_f64, double)
NTK_OPERATIONS(ntk_f32, float)

/// Index lists for shuffles that concatenate two vectors: 2^k consecutive lanes from lane i on.
#define NTK_LANES_2(i) i, i + 1
#define NTK_LANES_4(i) NTK_LANES_2(i), NTK_LANES_2(i + 2)
#define NTK_LANES_8(i) NTK_LANES_4(i), NTK_LANES_4(i + 4)
#define NTK_LANES_16(i) NTK_LANES_8(i), NTK_LANES_8(i + 8)
#define NTK_LANES_32(i) NTK_LANES_16(i), NTK_LANES_16(i + 16)
#define NTK_LANES_64(i) NTK_LANES_32(i), NTK_LANES_32(i + 32)

/// A vector as four rows of a matrix, each with one register of columns. V##_load_rows and
/// V##_store_rows access rows that are `stride` apart. V##_per_row repeats one number along each row,
/// and V##_per_column repeats one register of columns in all rows. HALF and WHOLE list the lanes of
/// two registers and of four.
#define NTK_ROW_OPERATIONS(V, S, HALF, WHOLE)                                               \
  typedef S V##_row __attribute__((ext_vector_type(NTK_REGISTER_BYTES / sizeof(S))));       \
  NTK_INLINE V##_row V##_row_load(const S *_Nonnull p) {                                    \
    typedef V##_row unaligned __attribute__((aligned(sizeof(S)), may_alias));               \
    return *(const unaligned *)p;                                                           \
  }                                                                                         \
  NTK_INLINE void V##_row_store(S *_Nonnull p, V##_row x) {                                 \
    typedef V##_row unaligned __attribute__((aligned(sizeof(S)), may_alias));               \
    *(unaligned *)p = x;                                                                    \
  }                                                                                         \
  NTK_INLINE V V##_join(V##_row a, V##_row b, V##_row c, V##_row d) {                       \
    return __builtin_shufflevector(__builtin_shufflevector(a, b, HALF(0)),                  \
                                   __builtin_shufflevector(c, d, HALF(0)), WHOLE(0));       \
  }                                                                                         \
  NTK_INLINE void V##_load_rows(V##_result *_Nonnull r, const S *_Nonnull p, long stride) { \
    *r = V##_join(V##_row_load(p), V##_row_load(p + stride), V##_row_load(p + 2 * stride),  \
                  V##_row_load(p + 3 * stride));                                            \
  }                                                                                         \
  NTK_INLINE void V##_store_rows(S *_Nonnull p, long stride, V x) {                         \
    V##_row_store(p, x.lo.lo);                                                              \
    V##_row_store(p + stride, x.lo.hi);                                                     \
    V##_row_store(p + 2 * stride, x.hi.lo);                                                 \
    V##_row_store(p + 3 * stride, x.hi.hi);                                                 \
  }                                                                                         \
  NTK_INLINE void V##_per_row(V##_result *_Nonnull r, const S *_Nonnull p) {                \
    *r = V##_join((V##_row)(p[0]), (V##_row)(p[1]), (V##_row)(p[2]), (V##_row)(p[3]));      \
  }                                                                                         \
  NTK_INLINE void V##_per_column(V##_result *_Nonnull r, const S *_Nonnull p) {             \
    V##_row x = V##_row_load(p);                                                            \
    *r = V##_join(x, x, x, x);                                                              \
  }

#if NTK_REGISTER_BYTES == 64
NTK_ROW_OPERATIONS(ntk_f64, double, NTK_LANES_16, NTK_LANES_32)
NTK_ROW_OPERATIONS(ntk_f32, float, NTK_LANES_32, NTK_LANES_64)
#elif NTK_REGISTER_BYTES == 32
NTK_ROW_OPERATIONS(ntk_f64, double, NTK_LANES_8, NTK_LANES_16)
NTK_ROW_OPERATIONS(ntk_f32, float, NTK_LANES_16, NTK_LANES_32)
#else
NTK_ROW_OPERATIONS(ntk_f64, double, NTK_LANES_4, NTK_LANES_8)
NTK_ROW_OPERATIONS(ntk_f32, float, NTK_LANES_8, NTK_LANES_16)
#endif

/// A vector as two halves. V##_load_halves loads two runs of numbers that are `stride` apart, and
/// V##_repeat_halves repeats one number in each half. V##_shift_up moves every lane to the next one,
/// and the first lane becomes the last lane of `e`. V##_shift_down moves every lane to the previous
/// one, and the last lane becomes the first lane of `e`. V##_shift_halves_* do the same within each
/// half, and V##_shift_rows_* within each quarter. V##_repeat_rows repeats one number in each quarter.
/// HALF and WHOLE list the lanes of two registers and of four, and LANES is the number of lanes.
#define NTK_HALF_OPERATIONS(V, S, QUARTER, HALF, WHOLE, LANES)                                \
  NTK_INLINE void V##_load_halves(V##_result *_Nonnull r, const S *_Nonnull p, long stride) { \
    *r = V##_join(V##_row_load(p), V##_row_load(p + LANES / 4), V##_row_load(p + stride),     \
                  V##_row_load(p + stride + LANES / 4));                                      \
  }                                                                                           \
  NTK_INLINE void V##_repeat_halves(V##_result *_Nonnull r, S a, S b) {                       \
    *r = V##_join((V##_row)(a), (V##_row)(a), (V##_row)(b), (V##_row)(b));                    \
  }                                                                                           \
  NTK_INLINE void V##_shift_up(V##_result *_Nonnull r, V x, V e) {                            \
    *r = __builtin_shufflevector(e, x, WHOLE(LANES - 1));                                     \
  }                                                                                           \
  NTK_INLINE void V##_shift_down(V##_result *_Nonnull r, V x, V e) {                          \
    *r = __builtin_shufflevector(x, e, WHOLE(1));                                             \
  }                                                                                           \
  NTK_INLINE void V##_shift_halves_up(V##_result *_Nonnull r, V x, V e) {                     \
    *r = __builtin_shufflevector(                                                             \
        __builtin_shufflevector(e.lo, x.lo, HALF(LANES / 2 - 1)),                             \
        __builtin_shufflevector(e.hi, x.hi, HALF(LANES / 2 - 1)), WHOLE(0));                  \
  }                                                                                           \
  NTK_INLINE void V##_shift_halves_down(V##_result *_Nonnull r, V x, V e) {                   \
    *r = __builtin_shufflevector(__builtin_shufflevector(x.lo, e.lo, HALF(1)),                \
                                 __builtin_shufflevector(x.hi, e.hi, HALF(1)), WHOLE(0));     \
  }                                                                                           \
  NTK_INLINE void V##_repeat_rows(V##_result *_Nonnull r, S a, S b, S c, S d) {               \
    *r = V##_join((V##_row)(a), (V##_row)(b), (V##_row)(c), (V##_row)(d));                    \
  }                                                                                           \
  NTK_INLINE V##_row V##_row_up(V##_row x, V##_row e) {                                       \
    return __builtin_shufflevector(e, x, QUARTER(LANES / 4 - 1));                             \
  }                                                                                           \
  NTK_INLINE V##_row V##_row_down(V##_row x, V##_row e) {                                     \
    return __builtin_shufflevector(x, e, QUARTER(1));                                         \
  }                                                                                           \
  NTK_INLINE void V##_shift_rows_up(V##_result *_Nonnull r, V x, V e) {                       \
    *r = V##_join(V##_row_up(x.lo.lo, e.lo.lo), V##_row_up(x.lo.hi, e.lo.hi),                 \
                  V##_row_up(x.hi.lo, e.hi.lo), V##_row_up(x.hi.hi, e.hi.hi));                \
  }                                                                                           \
  NTK_INLINE void V##_shift_rows_down(V##_result *_Nonnull r, V x, V e) {                     \
    *r = V##_join(V##_row_down(x.lo.lo, e.lo.lo), V##_row_down(x.lo.hi, e.lo.hi),             \
                  V##_row_down(x.hi.lo, e.hi.lo), V##_row_down(x.hi.hi, e.hi.hi));            \
  }

#if NTK_REGISTER_BYTES == 64
NTK_HALF_OPERATIONS(ntk_f64, double, NTK_LANES_8, NTK_LANES_16, NTK_LANES_32, 32)
NTK_HALF_OPERATIONS(ntk_f32, float, NTK_LANES_16, NTK_LANES_32, NTK_LANES_64, 64)
#elif NTK_REGISTER_BYTES == 32
NTK_HALF_OPERATIONS(ntk_f64, double, NTK_LANES_4, NTK_LANES_8, NTK_LANES_16, 16)
NTK_HALF_OPERATIONS(ntk_f32, float, NTK_LANES_8, NTK_LANES_16, NTK_LANES_32, 32)
#else
NTK_HALF_OPERATIONS(ntk_f64, double, NTK_LANES_2, NTK_LANES_4, NTK_LANES_8, 8)
NTK_HALF_OPERATIONS(ntk_f32, float, NTK_LANES_4, NTK_LANES_8, NTK_LANES_16, 16)
#endif

/// Pools of two pixels and strides of two, on rows of 2 N numbers that yield N results.
///
/// V##_add_pairs_N adds pairs of neighboring numbers to sums. The N sums at `here` get both numbers of
/// the pairs at `even` and the first numbers of the pairs at `odd`. The N sums at `next` get the second
/// numbers of the pairs at `odd`. Unless `second` is 0, the numbers `second` further on are included.
///
/// V##_halve_N computes sums of three consecutive numbers; each sum starts two numbers after the one
/// before. The number after the last pair is `right`, and the number after pair `seam` is `at_seam`,
/// unless `seam` is negative.
///
/// PAIRS and ALL list the places of every second number, and of all N results.
#define NTK_PAIRS_8(i) i, i + 2, i + 4, i + 6, i + 8, i + 10, i + 12, i + 14
#define NTK_PAIRS_16(i) NTK_PAIRS_8(i), NTK_PAIRS_8(i + 16)
#define NTK_PAIR_OPERATIONS(V, S, N, PAIRS, ALL)                                                  \
  typedef S V##_line_##N __attribute__((ext_vector_type(2 * N)));                                 \
  typedef S V##_left_##N __attribute__((ext_vector_type(N)));                                     \
  NTK_INLINE V##_line_##N V##_line_load_##N(const S *_Nonnull p) {                                \
    typedef V##_line_##N unaligned __attribute__((aligned(sizeof(S)), may_alias));                \
    return *(const unaligned *)p;                                                                 \
  }                                                                                               \
  NTK_INLINE void V##_add_pairs_##N(double *_Nonnull here, double *_Nonnull next,                 \
                                    const S *_Nonnull even, const S *_Nonnull odd, long second) { \
    typedef double sums __attribute__((ext_vector_type(N)));                                      \
    typedef sums unaligned __attribute__((aligned(sizeof(double)), may_alias));                   \
    V##_line_##N e = V##_line_load_##N(even), o = V##_line_load_##N(odd);                         \
    if (second) {                                                                                 \
      e += V##_line_load_##N(even + second);                                                      \
      o += V##_line_load_##N(odd + second);                                                       \
    }                                                                                             \
    *(unaligned *)here += __builtin_convertvector(                                                \
        __builtin_shufflevector(e, e, PAIRS(0)) + __builtin_shufflevector(e, e, PAIRS(1)) +       \
            __builtin_shufflevector(o, o, PAIRS(0)), sums);                                       \
    *(unaligned *)next +=                                                                         \
        __builtin_convertvector(__builtin_shufflevector(o, o, PAIRS(1)), sums);                   \
  }                                                                                               \
  NTK_INLINE void V##_halve_##N(S *_Nonnull left, const S *_Nonnull line, S right, long seam,     \
                                S at_seam) {                                                      \
    typedef V##_left_##N unaligned __attribute__((aligned(sizeof(S)), may_alias));                \
    V##_line_##N x = V##_line_load_##N(line);                                                     \
    V##_left_##N even = __builtin_shufflevector(x, x, PAIRS(0));                                  \
    V##_left_##N behind = __builtin_shufflevector(even, (V##_left_##N)(right), ALL(1));           \
    if (seam >= 0) behind[seam] = at_seam;                                                        \
    *(unaligned *)left = even + __builtin_shufflevector(x, x, PAIRS(1)) + behind;                 \
  }

NTK_PAIR_OPERATIONS(ntk_f64, double, 16, NTK_PAIRS_16, NTK_LANES_16)
NTK_PAIR_OPERATIONS(ntk_f32, float, 16, NTK_PAIRS_16, NTK_LANES_16)
NTK_PAIR_OPERATIONS(ntk_f64, double, 8, NTK_PAIRS_8, NTK_LANES_8)
NTK_PAIR_OPERATIONS(ntk_f32, float, 8, NTK_PAIRS_8, NTK_LANES_8)

/// V##_pooled_row computes the gaps of `count` pairs of windows after a pool, from sums of g and of h
/// (see `PooledImage`). Both images, `x` and `y`, have six values per window, which lie `values` apart.
/// `step` is 0 if all pairs have the same window of `x`, and 1 if each pair has its own.
///
/// V##_pooled_gaps computes the gaps of `width` windows (up to 16) with `width` windows of `y`, from sums
/// by offset with `width` numbers each. It writes rows of `columns` numbers to `gaps`, and the gaps of h
/// `plane` further on. In `y`, the windows are stored twice, one copy after the other.
#define NTK_POOLED_GAPS(V, S)                                                                  \
  NTK_INLINE void V##_pooled_row(                                                              \
      S *_Nonnull restrict gaps, S *_Nonnull restrict tangent_gaps, long count,                \
      const double *_Nonnull restrict sums, const double *_Nonnull restrict tangent_sums,      \
      const double *_Nonnull restrict x, long step, const double *_Nonnull restrict y,         \
      long values) {                                                                           \
    /* Round like the sums of an image with itself, so that equal windows give 0. */           \
    _Pragma("clang fp contract(off)")                                                          \
    for (long i = 0; i < count; i++) {                                                         \
      const double *a = x + i * step, *b = y + i;                                              \
      double both = a[0] * b[0], uneven = a[values] - b[values];                               \
      double g = both * sums[i] - a[3 * values] - b[3 * values] +                              \
                 uneven * (a[2 * values] - b[2 * values]);                                     \
      double h = both * tangent_sums[i] - a[5 * values] - b[5 * values] +                      \
                 uneven * (a[4 * values] - b[4 * values]);                                     \
      gaps[i] = (S)(g > 0 ? g : 0);                                                            \
      tangent_gaps[i] = (S)(h > 0 ? h : 0);                                                    \
    }                                                                                          \
  }                                                                                            \
  NTK_INLINE void V##_pooled_gaps(                                                             \
      S *_Nonnull gaps, long plane, long columns, int width, const double *_Nonnull sums,      \
      const double *_Nonnull tangent_sums, const double *_Nonnull x, const double *_Nonnull y, \
      long values) {                                                                           \
    S row[16], tangent_row[16];                                                                \
    for (int offset = 0; offset < width; offset++) {                                           \
      V##_pooled_row(row, tangent_row, width, sums + width * offset,                           \
                     tangent_sums + width * offset, x, 1, y + offset, values);                 \
      for (int p = 0; p < width; p++) {                                                        \
        S *place = gaps + p * columns + ((p + offset) & (width - 1));                          \
        place[0] = row[p];                                                                     \
        place[plane] = tangent_row[p];                                                         \
      }                                                                                        \
    }                                                                                          \
  }

NTK_POOLED_GAPS(ntk_f64, double)
NTK_POOLED_GAPS(ntk_f32, float)

/// x 2^n for an integer n (|n| < 2^(bits - 2)), computed by adding n to the exponent of x. The result
/// is correct if x and the result are normal numbers. n + 1.5 2^bits holds n in its low bits.
#define NTK_SCALE_BY_POWER(V, S, INTEGER, BITS)                                           \
  NTK_INLINE void V##_scale_by_power(V##_result *_Nonnull r, V x, V n) {                  \
    typedef INTEGER integers                                                              \
        __attribute__((ext_vector_type(NTK_VECTOR_BYTES / sizeof(INTEGER))));             \
    const S whole = (S)1.5 * (S)(1ULL << (BITS));                                         \
    *r = (V)((integers)x + ((integers)(n + whole) << (BITS)));                            \
  }

NTK_SCALE_BY_POWER(ntk_f64, double, unsigned long long, 52)
NTK_SCALE_BY_POWER(ntk_f32, float, unsigned, 23)

/// Stores four rows of numbers, rounded to single precision; the rows are `stride` apart.
NTK_INLINE void ntk_f64_store_rows_rounded(float *_Nonnull p, long stride, ntk_f64 x) {
  typedef float rounded __attribute__((ext_vector_type(NTK_REGISTER_BYTES / 8)));
  typedef rounded unaligned __attribute__((aligned(sizeof(float)), may_alias));
  *(unaligned *)p = __builtin_convertvector(x.lo.lo, rounded);
  *(unaligned *)(p + stride) = __builtin_convertvector(x.lo.hi, rounded);
  *(unaligned *)(p + 2 * stride) = __builtin_convertvector(x.hi.lo, rounded);
  *(unaligned *)(p + 3 * stride) = __builtin_convertvector(x.hi.hi, rounded);
}

/// Prefetches the cache line at `p`, which need not be a valid address.
NTK_INLINE void ntk_prefetch(const void *_Nonnull p) { __builtin_prefetch(p); }

/// Requests large pages for `size` bytes of memory at `start`; does nothing if the system has none.
void ntk_use_large_pages(void *_Nonnull start, long size);

/// The instruction sets that the core is compiled for, one bit each, in the order of CProcessor.h.
/// The function only returns a constant, so it runs on every processor.
unsigned ntk_vector_instruction_sets(void);

/// Scalar functions of the C library, under names for which callers need not import the C library.
NTK_INLINE double ntk_atan2(double y, double x) { return atan2(y, x); }
NTK_INLINE double ntk_sin(double x) { return sin(x); }
NTK_INLINE double ntk_cos(double x) { return cos(x); }
NTK_INLINE double ntk_exp(double x) { return exp(x); }
NTK_INLINE double ntk_expm1(double x) { return expm1(x); }
NTK_INLINE double ntk_log(double x) { return log(x); }
NTK_INLINE double ntk_erf(double x) { return erf(x); }
NTK_INLINE double ntk_erfc(double x) { return erfc(x); }

#endif
