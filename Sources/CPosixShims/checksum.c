#include "checksum.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

// Slicing by eight: tables[k][b] is the checksum of byte b followed by k zero bytes. 8 KiB, filled at first use.
static uint32_t tables[8][256];
static atomic_bool tables_ready;

static void fill_tables(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; bit++) { value = (value >> 1) ^ (0x82F63B78u & (0u - (value & 1))); }
        tables[0][byte] = value;
    }
    for (int slice = 1; slice < 8; slice++) {
        for (int byte = 0; byte < 256; byte++) {
            uint32_t before = tables[slice - 1][byte];
            tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xFF];
        }
    }
    atomic_store_explicit(&tables_ready, true, memory_order_release);   // two threads may fill: the same values
}

uint32_t posix_crc32c_by_tables(uint32_t checksum, const void *bytes, size_t count) {
    if (!atomic_load_explicit(&tables_ready, memory_order_acquire)) { fill_tables(); }
    const uint8_t *next = bytes;
    uint32_t value = ~checksum;
    while (count >= 8) {
        uint32_t low = value ^ ((uint32_t)next[0] | (uint32_t)next[1] << 8 | (uint32_t)next[2] << 16 | (uint32_t)next[3] << 24);
        value = tables[7][low & 0xFF] ^ tables[6][low >> 8 & 0xFF] ^ tables[5][low >> 16 & 0xFF] ^ tables[4][low >> 24]
            ^ tables[3][next[4]] ^ tables[2][next[5]] ^ tables[1][next[6]] ^ tables[0][next[7]];
        next += 8;
        count -= 8;
    }
    while (count-- > 0) { value = (value >> 8) ^ tables[0][(value ^ *next++) & 0xFF]; }
    return ~value;
}

#if defined(__x86_64__)
#include <cpuid.h>

__attribute__((target("sse4.2")))
static uint32_t by_instruction(uint32_t checksum, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    uint64_t value = ~checksum;
    for (; count >= 8; next += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        value = __builtin_ia32_crc32di(value, word);
    }
    uint32_t narrow = (uint32_t)value;
    while (count-- > 0) { narrow = __builtin_ia32_crc32qi(narrow, *next++); }
    return ~narrow;
}

// Asks the processor itself: __builtin_cpu_supports links 5 KB that tell a hundred processors apart.
static bool has_instruction(void) {
    unsigned int eax, ebx, ecx, edx;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_SSE4_2) != 0;
}
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>

__attribute__((target("crc")))
static uint32_t by_instruction(uint32_t checksum, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    uint32_t value = ~checksum;
    for (; count >= 8; next += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        value = __builtin_arm_crc32cd(value, word);
    }
    while (count-- > 0) { value = __builtin_arm_crc32cb(value, *next++); }
    return ~value;
}

static bool has_instruction(void) { return (getauxval(AT_HWCAP) & (1 << 7)) != 0; }   // HWCAP_CRC32
#else
static uint32_t by_instruction(uint32_t checksum, const void *bytes, size_t count) {
    return posix_crc32c_by_tables(checksum, bytes, count);
}

static bool has_instruction(void) { return false; }
#endif

uint32_t posix_crc32c(uint32_t checksum, const void *bytes, size_t count) {
    static atomic_int way;   // 0 not asked yet, 1 tables, 2 instruction
    int known = atomic_load_explicit(&way, memory_order_relaxed);
    if (known == 0) {
        known = has_instruction() ? 2 : 1;
        atomic_store_explicit(&way, known, memory_order_relaxed);
    }
    return known == 2 ? by_instruction(checksum, bytes, count) : posix_crc32c_by_tables(checksum, bytes, count);
}
