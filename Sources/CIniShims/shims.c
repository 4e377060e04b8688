#include "CIniShims.h"
