#include "CScaLAPACK.h"
