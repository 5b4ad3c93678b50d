#define _DEFAULT_SOURCE
#include "CVector.h"

#include <sys/mman.h>

void ntk_use_large_pages(void *start, unsigned long size) {
#ifdef MADV_HUGEPAGE
  (void)madvise(start, size, MADV_HUGEPAGE);
#endif
}
