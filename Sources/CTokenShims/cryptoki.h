// The part of PKCS#11 (Cryptoki) 2.40 that the door uses, declared from OASIS's published standard: names, numbers and the order of the
// function list are its ABI on Unix, where structures are aligned naturally and CK_ULONG is unsigned long. No package's header is needed.
// Tests/TokenProxy includes it too: a module of the tests' own in front of a real one.
#pragma once

typedef unsigned long ck_ulong;
typedef unsigned long ck_rv;
typedef unsigned char ck_byte;

struct ck_version {
    ck_byte major, minor;
};

struct ck_slot_info {
    ck_byte description[64], manufacturer[32];
    ck_ulong flags;
    struct ck_version hardware, firmware;
};

struct ck_token_info {
    ck_byte label[32], manufacturer[32], model[16], serial[16];
    ck_ulong flags;
    ck_ulong most_sessions, sessions, most_writing_sessions, writing_sessions, longest_pin, shortest_pin;
    ck_ulong public_memory, free_public_memory, private_memory, free_private_memory;
    struct ck_version hardware, firmware;
    ck_byte utc_time[16];
};

struct ck_attribute {
    ck_ulong type;
    void *value;
    ck_ulong byte_count;
};

struct ck_mechanism {
    ck_ulong mechanism;
    void *parameter;
    ck_ulong byte_count;
};

struct ck_initialize_arguments {
    void *create_mutex, *destroy_mutex, *lock_mutex, *unlock_mutex;
    ck_ulong flags;
    void *reserved;
};

/// CK_FUNCTION_LIST: 68 functions in the standard's order. What the door does not call has no type here.
struct ck_functions {
    struct ck_version version;
    ck_rv (*initialize)(void *arguments);
    ck_rv (*finalize)(void *reserved);
    void *get_info, *get_function_list;
    ck_rv (*get_slot_list)(ck_byte with_token, ck_ulong *slots, ck_ulong *count);
    ck_rv (*get_slot_info)(ck_ulong slot, struct ck_slot_info *info);
    ck_rv (*get_token_info)(ck_ulong slot, struct ck_token_info *info);
    void *get_mechanism_list, *get_mechanism_info, *init_token, *init_pin, *set_pin;
    ck_rv (*open_session)(ck_ulong slot, ck_ulong flags, void *application, void *notify, ck_ulong *session);
    ck_rv (*close_session)(ck_ulong session);
    ck_rv (*close_all_sessions)(ck_ulong slot);
    void *get_session_info, *get_operation_state, *set_operation_state;
    ck_rv (*login)(ck_ulong session, ck_ulong user, ck_byte *pin, ck_ulong byte_count);
    ck_rv (*logout)(ck_ulong session);
    void *create_object, *copy_object;
    ck_rv (*destroy_object)(ck_ulong session, ck_ulong object);
    void *get_object_size;
    ck_rv (*get_attribute_value)(ck_ulong session, ck_ulong object, struct ck_attribute *attributes, ck_ulong count);
    ck_rv (*set_attribute_value)(ck_ulong session, ck_ulong object, struct ck_attribute *attributes, ck_ulong count);
    ck_rv (*find_objects_init)(ck_ulong session, struct ck_attribute *attributes, ck_ulong count);
    ck_rv (*find_objects)(ck_ulong session, ck_ulong *objects, ck_ulong capacity, ck_ulong *count);
    ck_rv (*find_objects_final)(ck_ulong session);
    void *encrypt[4], *decrypt[4], *digest[5];
    ck_rv (*sign_init)(ck_ulong session, struct ck_mechanism *mechanism, ck_ulong key);
    ck_rv (*sign)(ck_ulong session, ck_byte *data, ck_ulong byte_count, ck_byte *signature, ck_ulong *signature_byte_count);
    void *sign_in_parts[2], *sign_recover[2], *verify[4], *verify_recover[2], *two_operations[4], *generate_key;
    ck_rv (*generate_key_pair)(
        ck_ulong session, struct ck_mechanism *mechanism, struct ck_attribute *public_template, ck_ulong public_count,
        struct ck_attribute *private_template, ck_ulong private_count, ck_ulong *public_key, ck_ulong *private_key);
    void *wrap_key, *unwrap_key, *derive_key, *seed_random, *generate_random, *get_function_status, *cancel_function;
    void *wait_for_slot_event;
};

_Static_assert(sizeof(struct ck_functions) == 69 * sizeof(void *), "a version and 68 functions");

typedef ck_rv (*ck_get_function_list)(struct ck_functions **functions);

enum {
    CKR_OK = 0x00, CKR_HOST_MEMORY = 0x02, CKR_SLOT_ID_INVALID = 0x03, CKR_GENERAL_ERROR = 0x05, CKR_FUNCTION_FAILED = 0x06,
    CKR_ATTRIBUTE_SENSITIVE = 0x11, CKR_ATTRIBUTE_TYPE_INVALID = 0x12, CKR_ATTRIBUTE_VALUE_INVALID = 0x13, CKR_ACTION_PROHIBITED = 0x1B,
    CKR_DEVICE_ERROR = 0x30, CKR_DEVICE_MEMORY = 0x31, CKR_DEVICE_REMOVED = 0x32,
    CKR_FUNCTION_NOT_SUPPORTED = 0x54, CKR_KEY_HANDLE_INVALID = 0x60, CKR_KEY_TYPE_INCONSISTENT = 0x63, CKR_KEY_FUNCTION_NOT_PERMITTED = 0x68,
    CKR_MECHANISM_INVALID = 0x70, CKR_MECHANISM_PARAM_INVALID = 0x71, CKR_OBJECT_HANDLE_INVALID = 0x82,
    CKR_PIN_INCORRECT = 0xA0, CKR_PIN_INVALID = 0xA1, CKR_PIN_LEN_RANGE = 0xA2, CKR_PIN_EXPIRED = 0xA3, CKR_PIN_LOCKED = 0xA4,
    CKR_SESSION_CLOSED = 0xB0, CKR_SESSION_COUNT = 0xB1, CKR_SESSION_HANDLE_INVALID = 0xB3, CKR_SESSION_READ_ONLY = 0xB5,
    CKR_TEMPLATE_INCOMPLETE = 0xD0, CKR_TEMPLATE_INCONSISTENT = 0xD1,
    CKR_TOKEN_NOT_PRESENT = 0xE0, CKR_TOKEN_NOT_RECOGNIZED = 0xE1, CKR_TOKEN_WRITE_PROTECTED = 0xE2,
    CKR_USER_ALREADY_LOGGED_IN = 0x100, CKR_USER_NOT_LOGGED_IN = 0x101, CKR_USER_PIN_NOT_INITIALIZED = 0x102,
    CKR_CURVE_NOT_SUPPORTED = 0x140, CKR_CRYPTOKI_NOT_INITIALIZED = 0x190, CKR_CRYPTOKI_ALREADY_INITIALIZED = 0x191,
};

enum {
    CKA_CLASS = 0x000, CKA_TOKEN = 0x001, CKA_PRIVATE = 0x002, CKA_LABEL = 0x003, CKA_VALUE = 0x011, CKA_KEY_TYPE = 0x100, CKA_ID = 0x102,
    CKA_SENSITIVE = 0x103, CKA_DECRYPT = 0x105, CKA_UNWRAP = 0x107, CKA_SIGN = 0x108, CKA_VERIFY = 0x10A, CKA_DERIVE = 0x10C,
    CKA_EXTRACTABLE = 0x162, CKA_EC_PARAMS = 0x180, CKA_EC_POINT = 0x181,
};

enum {
    CKO_PUBLIC_KEY = 2, CKO_PRIVATE_KEY = 3, CKK_EC = 3, CKM_EC_KEY_PAIR_GEN = 0x1040, CKM_ECDSA = 0x1041, CKU_USER = 1,
    CKF_TOKEN_PRESENT = 0x1, CKF_OS_LOCKING_OK = 0x2, CKF_RW_SESSION = 0x2, CKF_SERIAL_SESSION = 0x4,
};

// Flags of a token.
enum {
    CKF_WRITE_PROTECTED = 0x2, CKF_LOGIN_REQUIRED = 0x4, CKF_USER_PIN_INITIALIZED = 0x8, CKF_PROTECTED_AUTHENTICATION_PATH = 0x100,
    CKF_TOKEN_INITIALIZED = 0x400, CKF_USER_PIN_COUNT_LOW = 0x10000, CKF_USER_PIN_FINAL_TRY = 0x20000, CKF_USER_PIN_LOCKED = 0x40000,
};
