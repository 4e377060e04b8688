public import AttestationFormat
public import ConfigurationFile
internal import LogisticsEvents

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
        guard problems.isEmpty else {
            // Of a gateway without any name nothing is wrong but that: enrolment brings all of it.
            let isBare = problems.count == 3 && problems.allSatisfy { $0.isMissingName }
            throw ConfigurationProblems(isBare ? [Self.bare(problems[0].origin)] : problems)
        }
        var check = CrossCheck(resolved)
        check.run()
        let sensors = check.sensors()
        let rules = check.rules(of: sensors)
        guard check.problems.isEmpty else { throw ConfigurationProblems(check.problems) }
        identity = Identity(resolved)
        journal = Journal(resolved)
        batches = Batches(resolved)
        link = Link(resolved)
        registry = Registry(resolved)
        seal = Seal(resolved)
        trust = Trust(file: resolved.text("trust", "file") ?? "")
        control = Control(
            socketPath: resolved.text("control", "socket") ?? "", mode: UInt32(clamping: resolved.number("control", "mode") ?? 0))
        log = Log(level: LogLevel(resolved.text("log", "level")))
        sources = resolved.members(of: "source.").map { Source($0, resolved) }
        mappings = resolved.members(of: "mapping.").map { Mapping($0, resolved) }
        self.sensors = sensors
        self.rules = rules
        self.resolved = resolved
        warnings = layers.document.passedOver.map { $0 + ": passed over, since its name does not end in .conf; rename it, or take it away" }
        warnUnfedSensors()
    }

    private static func bare(_ origin: ValueOrigin) -> ConfigurationProblem {
        ConfigurationProblem(.missing, at: origin, "this gateway is not enrolled, [identity] is empty; harborseal-agent enroll -")
    }

    /// Sensors that nothing gives readings of under their name, with the source that was most likely meant.
    private mutating func warnUnfedSensors() {
        var givers = mappings.map { $0.sensor }
        var takesLines = false
        for source in sources {
            switch source.kind {
            case .device, .gpio: givers.append(source.name)
            // Programs and recordings name their sensors themselves.
            case .intake, .replay: takesLines = true
            default: break
            }
        }
        let unnamed = givers.filter { giver in !sensors.contains { $0.name == giver } }
        for sensor in sensors where !givers.contains(sensor.name) {
            let meant = NearestName.find(sensor.name, among: unnamed)
            guard meant != nil || !takesLines else { continue }
            let section = "sensor." + sensor.name
            let step = meant.map { ", and " + $0 + " has no [sensor." + $0 + "]; rename one of them" } ?? "; name one that gives its readings"
            let reason = "[" + section + "]: no source or mapping is named " + sensor.name + step
            let origin = resolved.row(section, "quantity")?.origin ?? .builtIn
            warnings.append(ConfigurationProblem(.impossible, at: origin, reason).message)
        }
    }
}
