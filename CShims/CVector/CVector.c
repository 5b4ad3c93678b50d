#define _DEFAULT_SOURCE
#include "CVector.h"

#include <sys/mman.h>

#include "CProcessor.h"

void ntk_use_large_pages(void *start, long size) {
#ifdef MADV_HUGEPAGE
  (void)madvise(start, (size_t)size, MADV_HUGEPAGE);
#endif
}

unsigned ntk_vector_instruction_sets(void) { return ntk_compiled_instruction_sets(); }
