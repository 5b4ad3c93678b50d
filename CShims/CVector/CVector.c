#include "CVector.h"

// The header holds everything; this file gives the package manager a target to compile.
