#include "CMbedTLSShims.h"
