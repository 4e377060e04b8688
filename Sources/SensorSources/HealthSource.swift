public import AttestationFormat
public import LogisticsEvents

/// The machine's own health at a fixed period: `/proc` and `/sys`.
public final class HealthSource {
    public private(set) var nextDeadline: UInt64?

    /// - Parameters:
    ///   - root: folder that holds `proc` and `sys`; empty for the machine itself.
    ///   - diskPath: any path on the file system whose free space is reported.
    public init(root: UTF8Text = "", diskPath: UTF8Text, periodMilliseconds: UInt64) {
    }

    public func serve(context: SourceContext, into output: inout SourceOutput) {
    }
}
