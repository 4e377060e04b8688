internal import Foundation

/// The wall clock, in whole seconds since 1970-01-01Z.
public enum WallClock {
    public static var nowSeconds: Int64 { Int64(Date().timeIntervalSince1970) }
}
