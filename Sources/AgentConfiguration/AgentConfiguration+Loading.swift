public import AttestationFormat
public import ConfigurationFile

extension AgentConfiguration {
    /// Reads `path` with its drop-ins, puts environment and flags over it, and checks everything.
    ///
    /// - Parameters:
    ///   - environment: `NAME=value`, the whole environment.
    ///   - flags: `section.key=value`.
    /// - Throws: all problems at once; nothing of a wrong configuration is used.
    public static func load(
        _ path: UTF8Text = AgentSettings.usualPath, environment: [UTF8Text], flags: [UTF8Text] = []
    ) throws(ConfigurationProblems) -> AgentConfiguration {
        let document = ConfigurationDocument.read(path)
        return try AgentConfiguration(ConfigurationLayers(document, environment: environment, flags: flags))
    }

    /// Checks layers that were read already.
    public init(_ layers: ConfigurationLayers) throws(ConfigurationProblems) {
        let (resolved, problems) = AgentSettings.schema.resolve(layers)
        guard problems.isEmpty else { throw ConfigurationProblems(problems) }
        var check = CrossCheck(resolved)
        check.run()
        let sensors = check.sensors()
        let rules = check.rules(of: sensors)
        guard check.problems.isEmpty else { throw ConfigurationProblems(check.problems) }
        identity = Identity(resolved)
        journal = Journal(resolved)
        batches = Batches(resolved)
        link = Link(resolved)
        seal = Seal(keyFile: resolved.text("seal", "key") ?? "", certificateFile: resolved.text("seal", "certificate") ?? "")
        trust = Trust(file: resolved.text("trust", "file") ?? "")
        control = Control(
            socketPath: resolved.text("control", "socket") ?? "", mode: UInt32(clamping: resolved.number("control", "mode") ?? 0))
        log = Log(level: LogLevel(resolved.text("log", "level")))
        sources = resolved.members(of: "source.").map { Source($0, resolved) }
        mappings = resolved.members(of: "mapping.").map { Mapping($0, resolved) }
        self.sensors = sensors
        self.rules = rules
        self.resolved = resolved
    }
}
