// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), by the processor's instruction where it has one.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Continues a checksum: begin with 0, give each result to the next call. crc32c("123456789") is 0xE3069283.
uint32_t posix_crc32c(uint32_t checksum, const void *bytes, size_t count);
/// The same by tables alone: what a processor without the instruction uses, kept reachable for the self-test.
uint32_t posix_crc32c_by_tables(uint32_t checksum, const void *bytes, size_t count);
