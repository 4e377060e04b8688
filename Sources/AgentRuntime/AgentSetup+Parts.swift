internal import AgentConfiguration
internal import AttestationFormat
internal import DeviceCrypto
internal import EventJournal
internal import GatewayAgent
internal import MQTTLink
internal import SensorSources

extension AgentSetup {
    // MARK: - Journal

    /// - Parameter isForReading: for a look at it: nothing in the folder changes, and a running agent does not mind.
    static func openJournal(
        _ settings: AgentConfiguration.Journal, gatewayID: GatewayID, now: Moment, isForReading: Bool = false
    ) throws(SetupError) -> JournalAdapter<PosixFileSystem> {
        let folder: PosixFileSystem
        do throws(SystemError) {
            folder = try PosixFileSystem(path: settings.directory.bytes, isForReading: isForReading)
        } catch {
            if isForReading, error.code == SystemError.notFound {
                throw SetupError(.noInput, "there is no journal at \(settings.directory.string): run the agent first, or name its folder")
            }
            throw SetupError(
                .inputOutput, "the journal's folder \(settings.directory.string) cannot be used: \(error.words)")
        }
        guard let freshEpoch = try? SecureRandom.word() else {
            throw SetupError(.system, "the kernel gives no random numbers: an epoch cannot be named")
        }
        var options = JournalOptions(gatewayID: gatewayID.text.bytes, freshEpoch: freshEpoch)
        options.capByteCount = settings.capByteCount
        options.segmentByteCount = Int(clamping: settings.segmentByteCount)
        options.keepForMilliseconds = UInt64(clamping: settings.keepForMilliseconds)
        options.keepsUntilArchived = settings.keepsUntilArchived
        options.policy = settings.fullPolicy == .newest ? .newest : .lowestPriority
        options.monotonicMilliseconds = now.monotonicMilliseconds
        do throws(JournalError) {
            return JournalAdapter(try EventJournal(folder, options: options))
        } catch {
            throw setupError(error, directory: settings.directory.string)
        }
    }

    static func setupError(_ error: JournalError, directory: String) -> SetupError {
        switch error {
        case .locked(let processID):
            SetupError(
                .temporary,
                "another harborseal-agent (process \(processID)) uses \(directory): stop it, or give this one a folder of its own")
        case .wrongGateway(let owner):
            SetupError(
                .configuration,
                "\(directory) holds the journal of \(String(decoding: owner, as: UTF8.self)): name the right folder, or move it away")
        case .unknownFormat(let version):
            SetupError(.configuration, "\(directory) has format \(version), newer than this program: install the newer agent")
        default:
            SetupError(.inputOutput, "the journal in \(directory) cannot be opened: \(error.words)")
        }
    }

    /// What recovery found, for the log.
    static func report(_ recovery: RecoveryReport, suspendedBy cause: SystemError?, log: Log) {
        if recovery.isNew { log(.notice, "a new journal was begun") }
        if recovery.tornTailByteCount > 0 {
            log(.notice, "\(recovery.tornTailByteCount) bytes of an unfinished write were cut from the journal's end; nothing acknowledged was in them")
        }
        let damageCount = recovery.damages.count + recovery.unlistedDamageCount
        if damageCount > 0 { log(.error, "\(damageCount) damaged places in the journal; each is declared in a signed event") }
        if recovery.foreignFileCount > 0 { log(.warning, "\(recovery.foreignFileCount) files in the journal's folder are not its own; left alone") }
        if let cause { log(.error, AgentLoop.words(ofSuspension: cause)) }
    }

    /// The damages as signed events name them.
    static func gaps(_ recovery: RecoveryReport) -> [GapFacts] {
        var gaps: [GapFacts] = []
        for damage in recovery.damages {
            let count = damage.lostEventCount ?? 0
            gaps.append(
                GapFacts(
                    missing: damage.lostEventCount == 0 ? "records" : "events", count: count,
                    fromSequence: damage.firstSequence, toSequence: damage.firstSequence &+ (count > 0 ? count - 1 : 0),
                    cause: "damage-epoch-" + Epoch(damage.epoch).text))
        }
        if recovery.unlistedDamageCount > 0 {
            gaps.append(
                GapFacts(
                    missing: "events", count: UInt64(recovery.unlistedDamageCount), fromSequence: 0, toSequence: 0,
                    cause: "further-damaged-places"))
        }
        return gaps
    }

    // MARK: - Link

    static func makeLink(_ configuration: AgentConfiguration, gatewayID: GatewayID) throws(SetupError) -> BrokerLink? {
        let settings = configuration.link
        guard !settings.brokers.isEmpty else { return nil }
        do throws(LinkError) {
            var brokers: [BrokerAddress] = []
            for broker in settings.brokers { brokers.append(try BrokerAddress(host: broker.host.string, port: broker.port)) }
            let security = try LinkSecurity(
                authorityFile: settings.authorityFile?.string, certificateFile: settings.certificateFile?.string,
                keyFile: settings.keyFile?.string, isInsecure: settings.isInsecure)
            var link = LinkConfiguration(brokers: brokers, clientID: gatewayID.text.string, security: security)
            for filter in TopicFilter.replies(to: gatewayID, using: SHA256.self) {
                link.subscriptions.append(Subscription(filter: filter.bytes))
            }
            link.lastWill = LastWill(
                topic: Topic(gatewayID, .status, using: SHA256.self).text.bytes,
                payload: Array("{\"online\":false}".utf8))
            link.prefersVersion5 = settings.mqttVersion != .version311
            link.keepAliveSeconds = UInt16(clamping: settings.keepAliveMilliseconds / 1_000)
            link.maximumPayloadByteCount = UInt32(Limits.nodeMessageByteCount)
            return try BrokerLink(link)
        } catch {
            throw SetupError(.configuration, "[link]: \(error.text)")
        }
    }

    // MARK: - Sources

    static func makeSources(
        _ configuration: AgentConfiguration, journal: JournalAdapter<PosixFileSystem>
    ) throws(SetupError) -> [Source] {
        var sources: [Source] = []
        for source in configuration.sources {
            do throws(SourceError) {
                sources.append(try make(source, configuration, journal: journal))
            } catch {
                throw SetupError(.cannotCreate, "[source.\(source.name.string)]: \(error.message.string)")
            }
        }
        return sources
    }

    private static func make(
        _ source: AgentConfiguration.Source, _ configuration: AgentConfiguration, journal: JournalAdapter<PosixFileSystem>
    ) throws(SourceError) -> Source {
        switch source.kind {
        case .health(let period, let diskPath):
            return .health(HealthSource(diskPath: diskPath, periodMilliseconds: UInt64(clamping: period)))
        case .gpsd(let host, let port, let period):
            return .gpsd(GPSDSource(host: host, port: port, periodMilliseconds: UInt64(clamping: period)))
        case .nmea(let device, let baud, let period):
            return .nmea(NMEASource(path: device, baud: baud, periodMilliseconds: UInt64(clamping: period)))
        case .mqtt(let broker):
            let identity = configuration.identity
            return .mqtt(try makeLocalClient(
                broker, mappings: configuration.mappings.filter { $0.source == source.name },
                clientID: identity.firm + "." + identity.device + "." + source.name))
        case .intake(let path, let mode, let users, let groups):
            return .intake(try IntakeSource(path: path, mode: mode, allowedUserIDs: users, allowedGroupIDs: groups))
        case .replay(let file, let pace):
            // The first opening tells the name under which the journal knows the file, and with it where to go on.
            let name = try ReplaySource(path: file, pace: pace.source).sourceName
            let next = journal.numberLimit(ofSource: name)
            return .replay(try ReplaySource(path: file, pace: pace.source, lastLine: next > 0 ? next - 1 : 0))
        case .device(let device, let period):
            return .device(
                try DeviceSource(sensor: source.name, place: device.place, periodMilliseconds: UInt64(clamping: period)))
        case .gpio(let contact): return .gpio(GPIOSource(contact.named(source.name)))
        }
    }

    static func makeControl(_ control: AgentConfiguration.Control) throws(SetupError) -> ControlSocket? {
        guard !control.socketPath.bytes.isEmpty else { return nil }
        var error: Int32 = 0
        guard let socket = ControlSocket(path: control.socketPath, mode: control.mode, error: &error) else {
            throw SetupError(
                .cannotCreate,
                "the control socket \(control.socketPath.string) cannot be made: \(SystemWords.of(error)); "
                    + "check its folder, or whether another agent runs")
        }
        return socket
    }
}

extension AgentConfiguration.ReplayPace {
    var source: ReplaySource.Pace {
        switch self {
        case .original: .original
        case .fast: .fast
        case .times(let factor): .times(factor)
        }
    }
}

extension GatewayPolicy {
    /// The policy that the configuration asks for.
    init(_ configuration: AgentConfiguration) {
        self.init()
        let batches = configuration.batches
        batchEventCount = batches.eventCount
        batchByteCount = Int(clamping: batches.byteCount)
        batchIntervalMilliseconds = UInt64(clamping: batches.intervalMilliseconds)
        catchUpBatchesPerSecond = batches.catchUpBatchesPerSecond
        sharing = SharingRule(hashesByDefault: batches.share == .hashes, exceptions: batches.shareExceptions)
        let link = configuration.link
        unreceiptedBatchCount = link.unreceiptedBatchCount
        unreceiptedByteCount = Int(clamping: link.unreceiptedByteCount)
        receiptTimeoutMilliseconds = UInt64(clamping: link.receiptTimeoutMilliseconds)
        hasBroker = !link.brokers.isEmpty
    }
}
