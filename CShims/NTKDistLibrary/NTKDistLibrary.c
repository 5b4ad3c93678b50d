// The functions of the library are written in Swift. SwiftPM needs this file because a target with
// a header needs a source file.
#include "ntkdist.h"
