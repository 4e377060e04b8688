/// An integer as section 1 allows it: from -2^63 to 2^64 - 1.
public enum CBORInteger: Hashable, Sendable {
    case unsigned(UInt64)
    /// Always below zero.
    case negative(Int64)

    /// The value, unless it is above 2^63 - 1.
    public var int64: Int64? {
        switch self {
        case .unsigned(let value): Int64(exactly: value)
        case .negative(let value): value
        }
    }
}

extension CBORInteger: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unsigned(let value): "\(value)"
        case .negative(let value): "\(value)"
        }
    }
}

extension CBORInteger {
    /// The same value as 64 signed bits have it.
    public init(_ value: Int64) {
        self = value < 0 ? .negative(value) : .unsigned(UInt64(bitPattern: value))
    }
}
