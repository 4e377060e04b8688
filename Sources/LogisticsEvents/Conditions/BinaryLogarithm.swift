/// Exponential and logarithm to base 2 in integers alone: sums of e^(-a/T) need them, and no float may come near a signed value
/// (wire-format.md section 1).
///
/// A number x in [1, 2) is held as a `UInt64` with 63 binary digits behind the point, so that its top bit is always set. Exponents
/// and logarithms have ``fractionBitCount`` binary digits behind the point.
enum BinaryLogarithm {
    /// Binary digits behind the point of exponents and logarithms: 2^-40 moves a temperature of 120 °C by 10^-11 °C.
    static let fractionBitCount = 40
    /// 1 as an exponent.
    static let one: UInt64 = 1 << 40

    /// 2^-x as `mantissa` · 2^(`exponent` - 63), the mantissa in [1, 2).
    ///
    /// One product for each binary digit of x. Each constant is right to half a unit of 2^-63 and each product is cut by less than
    /// one, so that the relative error is below 40 · 1.5 · 2^-63 < 2^-57.
    static func powerOfTwo(minus x: UInt64) -> (mantissa: UInt64, exponent: Int) {
        let whole = Int(x >> 40)
        let fraction = x & (one - 1)
        guard fraction != 0 else { return (1 << 63, -whole) }
        // 2^-(n + f) is 2^-(n + 1) · 2^(1 - f).
        var rest = one - fraction
        var mantissa: UInt64 = 1 << 63
        var index = 40
        while rest != 0 {
            index -= 1
            if rest & 1 != 0 {
                let product = mantissa.multipliedFullWidth(by: roots[index])
                mantissa = product.high << 1 | product.low >> 63
            }
            rest >>= 1
        }
        return (mantissa, -whole - 1)
    }

    /// log2 of a mantissa in [1, 2), as a fraction: the digits come from squaring it again and again.
    ///
    /// A product's cut of less than 2^-63 counts half as much with each digit, so that their sum stays below 2^-61; the digits
    /// that are left off make the result at most 2^-40 too small.
    static func logarithm(ofMantissa mantissa: UInt64) -> UInt64 {
        var power = mantissa
        var result: UInt64 = 0
        for _ in 0..<fractionBitCount {
            let square = power.multipliedFullWidth(by: power)
            result <<= 1
            if square.high >= 1 << 63 {
                result |= 1
                power = square.high
            } else {
                power = square.high << 1 | square.low >> 63
            }
        }
        return result
    }

    /// 2^(2^-1), 2^(2^-2), ..., 2^(2^-40): made with 60 decimal digits and rounded, by Tests/Fixtures/make-mean-kinetic.py.
    private static let roots: [UInt64] = [
        0xB504_F333_F9DE_6484, 0x9837_F051_8DB8_A96F, 0x8B95_C1E3_EA8B_D6E7, 0x85AA_C367_CC48_7B15, 0x82CD_8698_AC2B_A1D7,
        0x8164_D1F3_BC03_0773, 0x80B1_ED4F_D999_AB6C, 0x8058_D7D2_D5E5_F6B1, 0x802C_6436_D0E0_4F51, 0x8016_302F_1746_7628,
        0x800B_179C_8202_8FD1, 0x8005_8BAF_7FEE_3B5D, 0x8002_C5D0_0FDC_FCB7, 0x8001_62E6_1BED_4A49, 0x8000_B172_92F7_02A4,
        0x8000_58B9_2ABB_AE02, 0x8000_2C5C_8DAD_E4D7, 0x8000_162E_44EA_F636, 0x8000_0B17_21FA_7C19, 0x8000_058B_90DE_7E4D,
        0x8000_02C5_C867_8F37, 0x8000_0162_E431_DBA0, 0x8000_00B1_7218_72D1, 0x8000_0058_B90C_1AA9, 0x8000_002C_5C86_05A4,
        0x8000_0016_2E43_00E6, 0x8000_000B_1721_7FF8, 0x8000_0005_8B90_BFDD, 0x8000_0002_C5C8_5FE7, 0x8000_0001_62E4_2FF2,
        0x8000_0000_B172_17F8, 0x8000_0000_58B9_0BFC, 0x8000_0000_2C5C_85FE, 0x8000_0000_162E_42FF, 0x8000_0000_0B17_217F,
        0x8000_0000_058B_90C0, 0x8000_0000_02C5_C860, 0x8000_0000_0162_E430, 0x8000_0000_00B1_7218, 0x8000_0000_0058_B90C,
    ]
}
