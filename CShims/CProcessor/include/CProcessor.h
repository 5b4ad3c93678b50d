/// Instruction sets of x86 processors: those that code is compiled for, and those that the
/// processor at hand has. Other kinds of processors have none of these.
#ifndef NTK_CPROCESSOR_H
#define NTK_CPROCESSOR_H

/// X(name, macro) for each instruction set that a compiler may use by itself: its name for
/// __builtin_cpu_supports, and the macro that is defined where code is compiled for it.
#define NTK_INSTRUCTION_SETS(X)                                                                \
  X("sse3", __SSE3__) X("ssse3", __SSSE3__) X("sse4.1", __SSE4_1__) X("sse4.2", __SSE4_2__)    \
  X("popcnt", __POPCNT__) X("avx", __AVX__) X("avx2", __AVX2__) X("fma", __FMA__)              \
  X("bmi", __BMI__) X("bmi2", __BMI2__) X("lzcnt", __LZCNT__) X("f16c", __F16C__)              \
  X("avx512f", __AVX512F__) X("avx512cd", __AVX512CD__) X("avx512bw", __AVX512BW__)            \
  X("avx512dq", __AVX512DQ__) X("avx512vl", __AVX512VL__) X("avx512vbmi", __AVX512VBMI__)      \
  X("avx512ifma", __AVX512IFMA__) X("avx512vnni", __AVX512VNNI__)                              \
  X("avx512vbmi2", __AVX512VBMI2__) X("avx512bitalg", __AVX512BITALG__)                        \
  X("avx512vpopcntdq", __AVX512VPOPCNTDQ__) X("avx512bf16", __AVX512BF16__)                    \
  X("avx512fp16", __AVX512FP16__) X("avxvnni", __AVXVNNI__) X("gfni", __GFNI__)

/// Whether a macro is defined as 1: an undefined one expands to its own, longer, name.
#define NTK_TEXT(x) #x
#define NTK_IS_DEFINED(macro) (sizeof(NTK_TEXT(macro)) == sizeof("1"))

/// The instruction sets that the including file is compiled for, one bit each.
static inline unsigned ntk_compiled_instruction_sets(void) {
  unsigned sets = 0, bit = 1;
#define NTK_ADD(name, macro) sets |= NTK_IS_DEFINED(macro) ? bit : 0, bit <<= 1;
  NTK_INSTRUCTION_SETS(NTK_ADD)
#undef NTK_ADD
  return sets;
}

/// Those of `required` that this processor or its operating system lacks.
unsigned ntk_missing_instruction_sets(unsigned required);

/// The name of the instruction set at bit `index`; null behind the last one.
const char *ntk_instruction_set_name(int index);

#endif
