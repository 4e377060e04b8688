import AttestationFormat
import LogisticsEvents

/// The parts of a line, each into its key of the event.
extension IntakeParser {
    func draft(_ line: Span<UInt8>, _ members: JSONMembers, at moment: EventMoment) throws(EventError) -> EventDraft {
        guard let token = members[.kind] else {
            throw EventError(.missingField, key: "kind", "missing: say what happened, such as unit.loaded")
        }
        let value = json[token]
        if case .string = value.kind, let kind = KnownKind(name: line.extracting(value.range)) {
            // A retraction is for people to make; the other control kinds speak for the agent itself.
            guard kind.description.epcis != nil || kind == .eventRetracted else {
                throw EventError(.unknownKind, key: "kind", "this kind is the agent's own, and made by it alone")
            }
            return EventDraft(kind, at: moment)
        }
        return try EventDraft(ownKind: try text(line, token, key: "kind"), at: moment)
    }

    func identity(_ line: Span<UInt8>, _ members: JSONMembers) throws(EventError) -> IntakeIdentity? {
        guard let sourceToken = members[.source] else {
            guard members[.number] == nil else {
                throw EventError(.missingField, key: "source", "missing: number needs the source that counts")
            }
            return nil
        }
        guard let numberToken = members[.number] else {
            throw EventError(.missingField, key: "number", "missing: source needs its number of the line")
        }
        let source = try text(line, sourceToken, key: "source")
        guard (1...64).contains(source.byteCount), !source.hasPrefix("replay:") else {
            throw EventError(.outOfRange, key: "source", "1 to 64 bytes, not beginning with replay:")
        }
        return IntakeIdentity(source: source, number: try unsigned(line, numberToken, key: "number"))
    }

    func readTime(
        _ line: Span<UInt8>, _ members: JSONMembers, _ moment: EventMoment, isReplayed: Bool,
        into draft: inout EventDraft
    ) throws(EventError) {
        guard let token = members[.time] else { return }
        let value = json[token]
        guard case .string = value.kind else {
            throw EventError(.wrongType, key: "time", "a time in quotes belongs here, such as 2026-11-22T14:03:07+08:00")
        }
        do throws(EventError) {
            let occurred = try Timestamp.parse(line.extracting(value.range))
            draft.set(occurredMilliseconds: occurred)
            let isLate = !isReplayed && occurred < moment.wallMilliseconds
                && moment.wallMilliseconds - occurred > IntakeParser.lateAfterMilliseconds
            if isLate { draft.add(.late) }
            let isAhead = !isReplayed && !moment.isUnsynchronised && occurred > moment.wallMilliseconds
                && occurred - moment.wallMilliseconds > IntakeParser.suspectAheadMilliseconds
            if isAhead { draft.add(.suspectValue) }
        } catch {
            throw error.at("time")
        }
    }

    func readWhat(
        _ line: Span<UInt8>, _ members: JSONMembers, into draft: inout EventDraft
    ) throws(EventError) {
        if let list = members[.what] {
            try expect(.array, list, key: "what")
            var token = list + 1
            var index = 0
            while token < Int(json[list].next) {
                let isParent = line.extracting(json[token].range).starts(with: EventDraft.parentPrefix)
                let start = isParent ? EventDraft.parentPrefix.byteCount : 0
                let goods = try identifier(line, token, from: start, key: IntakeParser.place("what", index))
                try draft.add(goods, isParent: isParent)
                token = Int(json[token].next)
                index += 1
            }
        }
        if let token = members[.readPoint] {
            try draft.set(readPoint: try identifier(line, token, key: "readPoint"))
        }
    }

    func readPosition(
        _ line: Span<UInt8>, _ members: JSONMembers, into draft: inout EventDraft
    ) throws(EventError) {
        guard let object = members[.position] else { return }
        try expect(.object, object, key: "position")
        let parts = try JSONMembers(json, line, object: object, keys: IntakeParser.positionKeys, place: "position")
        guard let latitude = parts[0], let longitude = parts[1] else {
            throw EventError(.missingField, key: "position", "latitude and longitude, in degrees, are both needed")
        }
        guard parts[3] == nil || parts[2] != nil else {
            throw EventError(.missingField, key: "position.accuracy", "missing: an altitude needs it too, in m")
        }
        var accuracy: Int64?
        var altitude: Int64?
        if let token = parts[2] {
            accuracy = try number(line, token, decimals: 3, unit: "m", key: "position.accuracy")
        }
        if let token = parts[3] {
            altitude = try number(line, token, decimals: 3, unit: "m", key: "position.altitude")
        }
        guard accuracy ?? 0 >= 0 else { throw EventError(.outOfRange, key: "position.accuracy", "0 m or more") }
        try draft.set(
            EventPosition(
                latitude: try number(line, latitude, decimals: 7, unit: "degrees", key: "position.latitude"),
                longitude: try number(line, longitude, decimals: 7, unit: "degrees", key: "position.longitude"),
                accuracyMillimetres: accuracy.flatMap { UInt64(exactly: $0) }, altitudeMillimetres: altitude))
    }

    private static let positionKeys = KeyTable(["latitude", "longitude", "accuracy", "altitude"])

    func readDocuments(
        _ line: Span<UInt8>, _ members: JSONMembers, into draft: inout EventDraft
    ) throws(EventError) {
        guard let object = members[.documents] else { return }
        try expect(.object, object, key: "documents")
        var token = object + 1
        while token < Int(json[object].next) {
            let role = try text(line, token, key: "documents")
            let value = try text(line, token + 1, key: "documents." + role)
            try draft.addDocument(role, value)
            token = Int(json[token + 1].next)
        }
    }

    func readFlags(_ line: Span<UInt8>, _ members: JSONMembers, into draft: inout EventDraft) throws(EventError) {
        guard let list = members[.flags] else { return }
        try expect(.array, list, key: "flags")
        var token = list + 1
        while token < Int(json[list].next) {
            let name = line.extracting(json[token].range)
            // Flag 8 is the replay's own: a live line is no recording.
            guard case .string = json[token].kind,
                let row = EventFlags.names.first(where: { $0.flag != .replayed && $0.name.bytes.matches(name) })
            else {
                throw EventError(
                    .outOfRange, key: "flags",
                    "one of suspect-value, clock-unsynchronised, clock-stepped, sensor-fault, calibration-expired, "
                        + "not-first-hand, late")
            }
            draft.add(row.flag)
            token += 1
        }
    }
}
