#include "CPosixShims.h"
