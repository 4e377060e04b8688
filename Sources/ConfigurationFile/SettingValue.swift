public import AttestationFormat

/// A value of the kind that its setting asks for.
public enum SettingValue: Equatable, Sendable {
    case text(UTF8Text)
    case flag(Bool)
    /// A plain number, milliseconds, bytes, mode bits or seconds since 1970-01-01Z, as the kind says.
    case number(Int64)
    case texts([UTF8Text])
    case numbers([Int64])
}
