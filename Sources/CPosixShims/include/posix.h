// Umbrella of what the agent needs from libc, one header a topic. No libc struct crosses into Swift.
// Convention everywhere: a result below zero is a negated errno.
#pragma once
#include "clock.h"
#include "polling.h"   // not poll.h: it would hide the C library's
#include "process.h"
#include "program.h"
#include "procfs.h"
#include "smallfiles.h"
#include "findbyte.h"
#include "sockets.h"
#include "serial.h"
#include "checksum.h"
#include "files.h"
#include "sysfs.h"
#include "gpio.h"
#include "access.h"
#include "spawn_self.h"
#include "helper.h"
