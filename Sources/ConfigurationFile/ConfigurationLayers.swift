public import AttestationFormat

/// What a configuration is made of, beside the defaults; later layers win.
public struct ConfigurationLayers: Sendable {
    /// The file and its drop-ins.
    public var document: ConfigurationDocument
    /// `NAME=value` of the whole environment; what does not begin with the prefix is ignored.
    public var environment: [UTF8Text]
    /// `section.key=value`, as flags of the command line give them.
    public var flags: [UTF8Text]

    public init(_ document: ConfigurationDocument, environment: [UTF8Text] = [], flags: [UTF8Text] = []) {
        self.document = document
        self.environment = environment
        self.flags = flags
    }
}
