public import AttestationFormat

/// How a source is doing, for `status` and `doctor`.
public struct SourceState: Sendable, Equatable {
    /// Whether it does now what it is there for.
    public let isWorking: Bool
    /// What it does, or what stops it and what to do.
    public let text: UTF8Text

    public init(isWorking: Bool, _ text: UTF8Text) {
        self.isWorking = isWorking
        self.text = text
    }
}
