public import AttestationFormat
public import ConfigurationFile
public import SealToken

/// What `enroll` must know of a configuration that still lacks what enrolment brings: a name, keys, perhaps brokers.
public final class EnrolmentSettings: Sendable {
    public let alliance: UTF8Text?
    public let firm: UTF8Text?
    public let device: UTF8Text?
    public let sealKey: KeyLocation
    public let sealCertificate: UTF8Text
    public let linkKey: UTF8Text?
    public let linkCertificate: UTF8Text?
    /// The link CA's certificate.
    public let authority: UTF8Text?
    public let trustFile: UTF8Text
    public let journal: UTF8Text
    /// The control socket; empty for none.
    public let control: UTF8Text
    /// As the file has them, with commas between.
    public let brokers: UTF8Text?
    /// As the file has it.
    public let registry: UTF8Text?

    /// - Throws: what is wrong with the layers, beside a missing name.
    public init(_ layers: ConfigurationLayers) throws(ConfigurationProblems) {
        let (resolved, problems) = AgentSettings.schema.resolve(layers)
        let others = problems.filter { !$0.isMissingName }
        guard others.isEmpty else { throw ConfigurationProblems(others) }
        alliance = resolved.text("identity", "alliance")
        firm = resolved.text("identity", "firm")
        device = resolved.text("identity", "device")
        let seal = AgentConfiguration.Seal(resolved)
        (sealKey, sealCertificate) = (seal.key, seal.certificateFile)
        linkKey = resolved.text("link", "key")
        linkCertificate = resolved.text("link", "certificate")
        authority = resolved.text("link", "ca")
        trustFile = resolved.text("trust", "file") ?? ""
        journal = resolved.text("journal", "directory") ?? ""
        control = resolved.text("control", "socket") ?? ""
        brokers = resolved.row("link", "brokers")?.text
        registry = resolved.row("registry", "address")?.text
    }
}

extension ConfigurationProblem {
    /// Whether it is a part of the gateway's name that is not there.
    @inline(never)
    var isMissingName: Bool { code == .missing && reason.hasPrefix("[identity] ") }
}
