// The functions of the library are Swift's; this is what SwiftPM needs of a target with a header.
#include "ntkdist.h"
