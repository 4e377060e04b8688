internal import AttestationFormat
internal import ConfigurationFile
internal import LogisticsEvents
internal import SealToken

// Every row that these read exists and fits: the table declares it, and resolution has judged it. What stands behind `??`
// is never reached; it keeps a slip in the table from becoming a trap.

extension AgentConfiguration.Identity {
    init(_ resolved: ResolvedConfiguration) {
        alliance = resolved.text("identity", "alliance") ?? ""
        firm = resolved.text("identity", "firm") ?? ""
        device = resolved.text("identity", "device") ?? ""
    }
}

extension AgentConfiguration.Journal {
    init(_ resolved: ResolvedConfiguration) {
        directory = resolved.text("journal", "directory") ?? ""
        let cap = resolved.number("journal", "cap") ?? 0
        capByteCount = cap
        // A default that is too large for a small cap gives way; a written one is refused by ``CrossCheck``.
        segmentByteCount = min(resolved.number("journal", "segment-bytes") ?? 0, cap / 16)
        keepForMilliseconds = resolved.number("journal", "keep-for") ?? 0
        keepsUntilArchived = resolved.text("batches", "share") == "hashes" || !resolved.texts("batches", "share-exceptions").isEmpty
        syncIntervalMilliseconds = resolved.number("journal", "sync-interval") ?? 0
        fullPolicy = resolved.text("journal", "full-policy") == "lowest-priority" ? .lowestPriority : .newest
    }
}

extension AgentConfiguration.Batches {
    init(_ resolved: ResolvedConfiguration) {
        eventCount = Int(clamping: resolved.number("batches", "batch-events") ?? 1)
        byteCount = resolved.number("batches", "batch-bytes") ?? 0
        intervalMilliseconds = resolved.number("batches", "batch-interval") ?? 0
        share = resolved.text("batches", "share") == "hashes" ? .hashes : .events
        shareExceptions = resolved.texts("batches", "share-exceptions").compactMap { KnownKind(name: $0.bytes.span)?.rawValue }
        // finance.linked is never withheld (EventKinds.md).
        if share == .hashes, !shareExceptions.contains(KnownKind.financeLinked.rawValue) {
            shareExceptions.append(KnownKind.financeLinked.rawValue)
        }
        catchUpBatchesPerSecond = Int(clamping: resolved.number("batches", "catch-up-rate") ?? 1)
    }
}

extension AgentConfiguration.Link {
    /// MQTT's ports by custom: 8883 with TLS, 1883 without.
    private static let port: UInt16 = 8883
    private static let portWithoutTLS: UInt16 = 1883

    init(_ resolved: ResolvedConfiguration) {
        let authority = resolved.text("link", "ca")
        authorityFile = authority
        certificateFile = resolved.text("link", "certificate")
        keyFile = resolved.text("link", "key")
        isInsecure = resolved.flag("link", "insecure") ?? false
        let usualPort = authority == nil ? AgentConfiguration.Link.portWithoutTLS : AgentConfiguration.Link.port
        brokers = resolved.texts("link", "brokers").compactMap { text in
            NetworkAddress(text, usualPort: usualPort).map { AgentConfiguration.Broker(host: $0.host, port: $0.port) }
        }
        keepAliveMilliseconds = resolved.number("link", "keepalive") ?? 0
        receiptTimeoutMilliseconds = resolved.number("link", "receipt-timeout") ?? 0
        unreceiptedBatchCount = Int(clamping: resolved.number("link", "unreceipted-batches") ?? 1)
        unreceiptedByteCount = resolved.number("link", "unreceipted-bytes") ?? 0
        mqttVersion = AgentConfiguration.MQTTVersion(resolved.text("link", "mqtt-version"))
    }
}

extension AgentConfiguration.Registry {
    /// HTTPS's own.
    private static let port: UInt16 = 443

    init(_ resolved: ResolvedConfiguration) {
        address = resolved.text("registry", "address").flatMap { NetworkAddress($0, usualPort: Self.port) }.map {
            AgentConfiguration.Broker(host: $0.host, port: $0.port)
        }
        renewsByItself = resolved.flag("registry", "renew") ?? true
    }
}

extension AgentConfiguration.Seal {
    init(_ resolved: ResolvedConfiguration) {
        let text = resolved.text("seal", "key") ?? ""
        key = (try? KeyLocation(text)) ?? .file(text)
        certificateFile = resolved.text("seal", "certificate") ?? ""
    }
}

extension AgentConfiguration.MQTTVersion {
    init(_ text: UTF8Text?) {
        switch text {
        case "5": self = .version5
        case "3.1.1": self = .version311
        default: self = .automatic
        }
    }
}

extension AgentConfiguration.LogLevel {
    init(_ text: UTF8Text?) {
        switch text {
        case "error": self = .error
        case "warning": self = .warning
        case "debug": self = .debug
        default: self = .info
        }
    }
}

extension AgentConfiguration.Source {
    init(_ name: UTF8Text, _ resolved: ResolvedConfiguration) {
        self.name = name
        let section = "source." + name
        let period = resolved.number(section, "period") ?? 0
        switch resolved.text(section, "type") {
        case "gpsd":
            kind = .gpsd(
                host: resolved.text(section, "host") ?? "", port: UInt16(clamping: resolved.number(section, "port") ?? 0),
                periodMilliseconds: period)
        case "nmea":
            kind = .nmea(
                device: resolved.text(section, "device") ?? "",
                // A choice among numbers: all of its bytes are digits.
                baud: (resolved.text(section, "baud") ?? "9600").bytes.reduce(0) { $0 &* 10 &+ UInt32($1 & 15) },
                periodMilliseconds: period)
        case "mqtt": kind = .mqtt(AgentConfiguration.LocalBroker(section, resolved))
        case "intake":
            kind = .intake(
                socketPath: resolved.text(section, "socket") ?? "", mode: UInt32(clamping: resolved.number(section, "mode") ?? 0),
                allowedUserIDs: resolved.numbers(section, "allow-uid").map { UInt32(clamping: $0) },
                allowedGroupIDs: resolved.numbers(section, "allow-gid").map { UInt32(clamping: $0) })
        case "replay":
            kind = .replay(
                file: resolved.text(section, "file") ?? "",
                pace: AgentConfiguration.ReplayPace(resolved.row(section, "pace")?.value))
        case "iio": kind = .device(AgentConfiguration.Device(.iio, section, resolved), periodMilliseconds: period)
        case "hwmon": kind = .device(AgentConfiguration.Device(.hwmon, section, resolved), periodMilliseconds: period)
        case "w1": kind = .device(AgentConfiguration.Device(.w1, section, resolved), periodMilliseconds: period)
        case "gpio": kind = .gpio(AgentConfiguration.Contact(section, resolved))
        default:
            kind = .health(periodMilliseconds: period, diskPath: resolved.text(section, "disk") ?? "")
        }
    }
}

extension AgentConfiguration.ReplayPace {
    init(_ value: SettingValue?) {
        switch value {
        case .number(let factor): self = .times(UInt32(clamping: factor))
        case .text("fast"): self = .fast
        default: self = .original
        }
    }
}
