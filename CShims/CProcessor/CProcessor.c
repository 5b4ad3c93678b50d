// Compiled for the oldest processors: nothing here may need what it tests for.
#include "CProcessor.h"

unsigned ntk_missing_instruction_sets(unsigned required) {
  unsigned present = required;
#if defined(__x86_64__)
  unsigned bit = 1;
  __builtin_cpu_init();
#define NTK_TEST(name, macro) present &= __builtin_cpu_supports(name) ? ~0u : ~bit, bit <<= 1;
  NTK_INSTRUCTION_SETS(NTK_TEST)
#endif
  return required & ~present;
}

const char *ntk_instruction_set_name(int index) {
#define NTK_NAME(name, macro) name,
  static const char *const names[] = {NTK_INSTRUCTION_SETS(NTK_NAME)};
  return index >= 0 && index < (int)(sizeof names / sizeof names[0]) ? names[index] : 0;
}
