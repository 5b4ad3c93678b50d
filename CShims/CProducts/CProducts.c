#include "CProducts.h"

#include <string.h>

// Sums that fill the registers: 24 of AVX-512's 32, 12 of AVX2's 16, and as many of 16 bytes.
#define ROWS 6
#if defined(__AVX512F__)
#define REGISTER_BYTES 64
#define REGISTERS 4
#else
#if defined(__AVX2__)
#define REGISTER_BYTES 32
#else
#define REGISTER_BYTES 16
#endif
#define REGISTERS 2
#endif

// Rows of b at a time, at most: those of REGISTERS registers stay in the first-level cache.
#define DEPTH 96

// Tuning for some processors splits wide vectors in two, which these registers are too few for.
#if defined(__AVX512F__)
#define WIDE __attribute__((min_vector_width(512)))
#else
#define WIDE
#endif

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

#define SCALAR double
#define NAME(x) x##_f64
#include "Products.inc"
#undef SCALAR
#undef NAME

#define SCALAR float
#define NAME(x) x##_f32
#include "Products.inc"
