#include "CJSONShims.h"
