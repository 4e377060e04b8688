import AttestationFormat

/// A position that a receiver reports.
struct PositionFix: Equatable {
    /// 2: two dimensions, 3: three.
    let mode: UInt64
    let position: EventPosition
    /// The receiver's own time, in ms since 1970; nil when it has none.
    let timeMilliseconds: UInt64?
    /// The receiver says that it did not measure this: dead reckoning, typed in, or simulated.
    var isSuspect = false
}

/// What a receiver says of the place.
enum FixReport: Equatable {
    case fix(PositionFix)
    /// No position; the mode, 0 (unknown) or 1 (no fix).
    case noFix(mode: Int64)
}
